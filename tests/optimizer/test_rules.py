import pytest

from app.domain.plan import PlanSource, PlanStatus
from app.domain.site import Mode
from app.optimizer.rules import Rules, follow
from tests.builders import START, problem
from tests.optimizer.reference import worth


@pytest.mark.parametrize(
    ("buy", "sell", "mode"),
    [
        (-0.05, 0.0, Mode.FORCE_CHARGE),
        (0.10, 0.0, Mode.FORCE_CHARGE),
        (0.1001, 0.0, Mode.SELF_USE),
        (0.50, 0.2799, Mode.SELF_USE),
        (0.50, 0.28, Mode.FORCE_DISCHARGE),
        (0.05, 0.50, Mode.FORCE_CHARGE),
    ],
)
def test_the_rules_switch_exactly_at_their_prices(buy: float, sell: float, mode: Mode) -> None:
    assert Rules().command(buy, sell).mode is mode


def test_following_the_rules_is_a_named_fallback_with_its_own_cost() -> None:
    question = problem(buy=[0.05, 0.2, 0.5], sell=[0, 0.1, 0.3], load_kw=1, minutes=60)

    plan = follow(question, Rules(), now=START)

    assert (plan.source, plan.status) == (PlanSource.RULES, PlanStatus.FALLBACK)
    assert [step.charge_kw > 0 for step in plan.steps] == [True, False, False]
    assert [step.export_kw > 0 for step in plan.steps] == [False, False, True]
    assert plan.cost == pytest.approx(worth(question, plan.steps))
