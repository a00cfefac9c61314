import csv
import gzip
from pathlib import Path

import pytest

from app.domain.plan import PlanSource, PlanStatus
from app.domain.site import Mode
from app.optimizer.rules import Rules, follow
from tests.builders import RULES, SEK, START, problem
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
    assert RULES.command(buy, sell).mode is mode


def test_following_the_rules_is_a_named_fallback_with_its_own_cost() -> None:
    question = problem(buy=[0.05, 0.2, 0.5], sell=[0, 0.1, 0.3], load_kw=1, minutes=60)

    plan = follow(question, RULES, now=START)

    assert (plan.source, plan.status) == (PlanSource.RULES, PlanStatus.FALLBACK)
    assert [step.charge_kw > 0 for step in plan.steps] == [True, False, False]
    assert [step.export_kw > 0 for step in plan.steps] == [False, False, True]
    assert plan.cost == pytest.approx(worth(question, plan.steps))


SPOT = Path(__file__).parents[3] / "shared" / "data" / "nordic_dayahead_15min.csv.gz"
KRONOR_PER_EUR = 11.0


def swedish_days() -> list[list[tuple[float, float]]]:
    """Return what a house in SE3 pays and earns in each quarter of every whole day, in kronor."""
    days: dict[str, list[tuple[float, float]]] = {}
    with gzip.open(SPOT, "rt") as lines:
        for row in csv.DictReader(lines):
            spot = float(row["SE3_eur_mwh"]) / 1000 * KRONOR_PER_EUR
            days.setdefault(row["time_utc"][:10], []).append(((spot + 0.08) * 1.25 + 1.03, spot + 0.6518))
    return [day for day in days.values() if len(day) == 96]


@pytest.mark.skipif(not SPOT.exists(), reason="the Nordic prices are not at hand")
def test_usual_rules_in_kronor_do_not_sell_all_day() -> None:
    days, usual = swedish_days(), Rules.of(SEK)

    def sold(rules: Rules) -> list[int]:
        return [sum(rules.command(buy, sell).mode is Mode.FORCE_DISCHARGE for buy, sell in day) for day in days]

    assert max(sold(RULES)) >= 75  # what pounds did to kronor
    assert sorted(sold(usual))[len(days) // 2] == 0
    assert sum(count > 24 for count in sold(usual)) < len(days) / 20
    assert (usual.charge_below, usual.sell_above) == pytest.approx((1.0, 2.8))


def test_rules_that_were_set_are_kept_in_any_currency() -> None:
    assert Rules.of(SEK, charge_below=0.5) == Rules(charge_below=0.5, sell_above=SEK.of(0.28))
