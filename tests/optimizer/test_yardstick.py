"""The same house in another money: everything costs ten times as much in kronor, and nothing is done differently."""

from dataclasses import replace

import pytest

from app.control.decide import Situation, write_up
from app.control.resolve import resolve
from app.domain.decision import Command, Decision
from app.domain.plan import Plan
from app.domain.site import Mode
from app.forecasting.scenarios import Paths
from app.optimizer.lp import LIVE_GAP
from app.optimizer.problem import Problem
from app.optimizer.yardstick import in_yardsticks
from tests.builders import GBP, SEK
from tests.optimizer import drawn

QUICK, ALL = 30, 200
SWITCHING_COST = 0.002
"""In yardsticks."""


def in_kronor(problem: Problem) -> Problem:
    """Return the same house with every price and cost times ten."""
    battery = replace(problem.site.battery, wear_per_kwh=10 * problem.site.battery.wear_per_kwh)
    return replace(
        problem,
        site=replace(problem.site, battery=battery, currency="SEK"),
        end_value_per_kwh=10 * problem.end_value_per_kwh,
        slots=tuple(
            replace(
                slot,
                priced=replace(slot.priced, import_per_kwh=10 * slot.priced.import_per_kwh, export_per_kwh=10 * slot.priced.export_per_kwh),
            )
            for slot in problem.slots
        ),
    )


def answered(problem: Problem, running: Command | None) -> tuple[Plan, Decision]:
    """Return plan and decision as they are made live."""
    first = problem.slots[0].priced
    paths = Paths.single([slot.load_kw for slot in problem.slots], [slot.solar_kw for slot in problem.slots])
    resolved = resolve(problem, paths, running=running, switching_cost=problem.site.money.of(SWITCHING_COST))
    now, soc_pct = first.slot.start, problem.site.battery.pct(problem.start_kwh)
    plan, verdict = resolved.planned(now=now, time_limit_s=60, relative_gap=LIVE_GAP)
    situation = Situation(site=problem.site, slot=first.slot, now=now, priced=first, soc_pct=soc_pct)
    return plan, write_up(situation, verdict)


def must_be_done_alike(problem: Problem, running: Command | None) -> None:
    (pounds, british), (kronor, swedish) = answered(problem, running), answered(in_kronor(problem), running)

    assert swedish.command == british.command
    assert swedish.reason_code == british.reason_code
    assert [each.command.mode for each in swedish.alternatives] == [each.command.mode for each in british.alternatives]
    for of_pounds, of_kronor in zip(pounds.steps, kronor.steps, strict=True):
        assert of_kronor.stored_kwh == pytest.approx(of_pounds.stored_kwh, abs=1e-6)
        assert of_kronor.cost == pytest.approx(10 * of_pounds.cost, abs=1e-6)
        assert of_kronor.stored_kwh_value == pytest.approx(10 * of_pounds.stored_kwh_value, abs=1e-6)
    assert [step.priced for step in kronor.steps] == [slot.priced for slot in in_kronor(problem).slots]
    assert kronor.cost == pytest.approx(10 * pounds.cost, abs=1e-6)


def drawn_with_a_running_mode(first: int, last: int) -> list[tuple[Problem, Command | None]]:
    """Return random problems; in two of three some mode runs already, and leaving it has its price."""
    running = (None, Command(mode=Mode.FORCE_CHARGE), Command(mode=Mode.HOLD))
    questions = list(drawn.at_random(last, seed=10))[first:]
    return [(question, running[n % 3]) for n, question in enumerate(questions)]


@pytest.mark.parametrize(("question", "running"), drawn_with_a_running_mode(0, QUICK))
def test_ten_times_the_price_in_kronor_is_the_same_plan_and_mode(question: Problem, running: Command | None) -> None:
    must_be_done_alike(question, running)


@pytest.mark.slow
@pytest.mark.parametrize(("question", "running"), drawn_with_a_running_mode(QUICK, ALL))
def test_ten_times_the_price_in_kronor_is_the_same_on_two_hundred(question: Problem, running: Command | None) -> None:
    must_be_done_alike(question, running)


def test_a_problem_in_yardsticks_is_counted_once_and_pounds_are_left_alone() -> None:
    (question,) = drawn.at_random(1)
    once = in_yardsticks(in_kronor(question))

    assert in_yardsticks(question) is question
    assert in_yardsticks(once) is once
    assert (once.site.money, in_kronor(question).site.money) == (GBP, SEK)
