"""The plan costs what an independent reference says the cheapest plan costs."""

from functools import cache

import pytest

from app.optimizer import lp
from app.optimizer.problem import Problem
from tests.builders import battery, house, problem
from tests.optimizer import drawn
from tests.optimizer.reference import cheapest, cheapest_on_a_grid, worth

QUICK_MADE_UP, QUICK_REAL = 40, 12
MADE_UP, REAL = 240, 100

needs_year = pytest.mark.skipif(not drawn.YEAR.exists(), reason="the benchmark year is not at hand")


@pytest.mark.parametrize("question", list(drawn.at_random(QUICK_MADE_UP)), ids=range(QUICK_MADE_UP))
def test_no_cheaper_plan_exists_for_a_made_up_house(question: Problem) -> None:
    assert_as_cheap_as_can_be(question)


SETTLED_BY_BURNING = (144, 451, 963)
"""Houses drawn with seed 99 whose plans, once their choices were fixed, burnt energy in a slot that had none to fix."""


def test_settling_the_choices_burns_no_energy() -> None:
    questions = list(drawn.at_random(max(SETTLED_BY_BURNING) + 1, seed=99))

    for number in SETTLED_BY_BURNING:
        assert_as_cheap_as_can_be(questions[number])


@needs_year
@pytest.mark.parametrize("number", range(QUICK_REAL))
def test_no_cheaper_plan_exists_for_a_real_day(number: int) -> None:
    assert_as_cheap_as_can_be(real_days()[number])


@pytest.mark.slow
@pytest.mark.parametrize("question", list(drawn.at_random(MADE_UP))[QUICK_MADE_UP:], ids=range(QUICK_MADE_UP, MADE_UP))
def test_no_cheaper_plan_exists_for_many_made_up_houses(question: Problem) -> None:
    assert_as_cheap_as_can_be(question)


@needs_year
@pytest.mark.slow
@pytest.mark.parametrize("number", range(QUICK_REAL, REAL))
def test_no_cheaper_plan_exists_for_many_real_days(number: int) -> None:
    assert_as_cheap_as_can_be(real_days()[number])


@pytest.mark.parametrize(
    ("sell", "buy"),
    [
        pytest.param(0.05, [0.1, 0.3, 0.05, 0.4, 0.2, 0.35, 0.15, 0.25], id="ordinary"),
        pytest.param(0.15, [0.1, 0.3, 0.05, 0.4, 0.02, 0.35, 0.15, 0.25], id="export above import"),
        pytest.param(0.0, [-0.1, 0.3, -0.3, 0.4, -0.2, 0.35, -0.15, 0.25], id="often negative"),
        pytest.param(-0.1, [0.1, 0.3, -0.3, -0.4, 0.2, 0.35, 0.15, 0.25], id="export costs"),
        pytest.param(0.05, [0.25] * 8, id="flat"),
    ],
)
def test_a_walk_over_charge_levels_agrees_with_plan_and_reference(sell: float, buy: list[float]) -> None:
    question = problem(
        buy=buy,
        sell=sell,
        load_kw=[0.5, 1, 2, 0.3, 0.2, 3, 1, 0.5],
        solar_kw=[0, 0, 3, 4, 6, 2, 0, 0],
        minutes=60,
        end_value=0.12,
        site=house(battery(capacity_kwh=8, reserve_kwh=1, power_kw=3)),
    )

    walked = cheapest_on_a_grid(question)

    assert cheapest(question) <= walked + 1e-6
    assert walked == pytest.approx(worth(question, lp.solve(question).steps), abs=0.015)


@cache
def real_days() -> tuple[Problem, ...]:
    return tuple(drawn.from_the_year(REAL))


def assert_as_cheap_as_can_be(question: Problem) -> None:
    """The plan costs what the reference costs, goes one way at a time, and loses no energy."""
    best = cheapest(question)
    solution = lp.solve(question)

    assert worth(question, solution.steps) == pytest.approx(best, rel=5e-3, abs=0.02)
    assert solution.objective == pytest.approx(best, rel=5e-3, abs=0.02)
    stored = question.start_kwh
    store = question.site.battery
    for slot, step in zip(question.slots, solution.steps, strict=True):
        assert min(step.import_kw, step.export_kw) == 0
        assert min(step.charge_kw, step.discharge_kw) == 0
        gives = slot.solar_kw - step.curtailed_kw + step.import_kw + step.discharge_kw
        takes = slot.load_kw + step.export_kw + step.charge_kw
        assert gives * slot.hours == pytest.approx(takes * slot.hours, abs=1e-6)
        stored += slot.hours * (step.charge_kw * store.charge_efficiency - step.discharge_kw / store.discharge_efficiency)
        assert step.stored_kwh == pytest.approx(stored, abs=1e-6)
