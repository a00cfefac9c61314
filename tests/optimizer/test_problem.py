from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.price import PricedSlot
from app.domain.site import Mode, Site
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem, assemble, end_value
from tests.builders import START, battery, house, priced, problem

PRICES = priced([0.1, 0.3, 0.2], 0.05)


def told(kind: ForecastKind, slots: tuple[PricedSlot, ...], *kw: float) -> Forecast:
    return Forecast(kind=kind, slots=tuple(each.slot for each in slots), kw=kw, source="test", issued_at=START)


def assembled(now: datetime, *, load: tuple[float, ...] = (1, 2, 3)) -> Problem:
    loads, sun = told(ForecastKind.LOAD, PRICES, *load), told(ForecastKind.SOLAR, PRICES, 0, 0, -0.001)
    return assemble(house(), now=now, start_kwh=5, priced=PRICES, load=loads, solar=sun)


def test_the_current_slot_is_cut_to_what_is_left_of_it() -> None:
    now = START + timedelta(minutes=40)

    slots = assembled(now).slots

    assert [slot.load_kw for slot in slots] == [2, 3]
    assert [round(60 * slot.hours) for slot in slots] == [20, 30]
    assert slots[0].priced.slot.start == now


def test_a_forecast_a_little_below_nothing_counts_as_nothing() -> None:
    assert assembled(START).slots[2].solar_kw == 0


def test_prices_and_forecasts_must_cover_the_same_slots() -> None:
    fewer = told(ForecastKind.LOAD, PRICES[:2], 1, 2)

    with pytest.raises(InvalidInputError, match="same slots"):
        assemble(house(), now=START, start_kwh=5, priced=PRICES, load=fewer, solar=told(ForecastKind.SOLAR, PRICES, 0, 0, 0))


def test_after_the_last_slot_there_is_nothing_to_plan() -> None:
    with pytest.raises(InvalidInputError, match="no slot"):
        assembled(START + timedelta(hours=2))


def test_a_hole_between_slots_is_refused() -> None:
    whole = problem(buy=[0.1, 0.2, 0.3])

    with pytest.raises(InvalidInputError, match="hole"):
        replace(whole, slots=(whole.slots[0], whole.slots[2]))


@pytest.mark.parametrize(("start_kwh", "load_kw"), [(-0.1, 1), (10.1, 1), (float("nan"), 1), (5, -1), (5, float("nan")), (5, float("inf"))])
def test_a_state_or_a_power_that_cannot_be_is_refused(start_kwh: float, load_kw: float) -> None:
    with pytest.raises(InvalidInputError):
        problem(buy=[0.1], start_kwh=start_kwh, load_kw=load_kw)


def test_what_is_left_is_worth_an_ordinary_import_at_most_a_cheap_refill_at_least_its_sale() -> None:
    store = house()

    assert end_value(store, priced([0.2] * 8, 0.0)) == pytest.approx(0.95 * 0.18)
    assert end_value(store, priced([0.05, 0.05, 0.05, 0.4, 0.4, 0.4, 0.4, 0.4], 0.0)) == pytest.approx(0.05 / 0.95)
    assert end_value(store, priced([0.05] * 8, 0.15)) == pytest.approx(0.95 * 0.13)
    assert end_value(store, priced([-0.2] * 8, -0.1)) == 0


@pytest.mark.parametrize("site", [house(export_limit_kw=0), house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE))], ids=["no export", "no sale"])
def test_what_cannot_be_sold_is_not_worth_its_sale(site: Site) -> None:
    assert end_value(site, priced([0.1] * 8, 0.15)) == pytest.approx(0.95 * 0.08)


def test_what_is_left_is_worth_the_same_however_the_hours_are_cut() -> None:
    slots = priced([0.35] * 12, 0.05, minutes=5)
    cut = (*slots, *priced([0.12] * 3, 0.05, minutes=60, start=slots[-1].slot.end))

    assert end_value(house(), cut) == pytest.approx(end_value(house(), priced([0.35, 0.12, 0.12, 0.12], 0.05, minutes=60)))


def test_the_fingerprint_is_the_same_for_the_same_inputs_and_within_the_first_slot() -> None:
    early, late = assembled(START + timedelta(minutes=1)), assembled(START + timedelta(minutes=29))

    assert early.fingerprint == late.fingerprint == assembled(START + timedelta(minutes=1)).fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        problem(buy=[0.1, 0.2], start_kwh=5.01),
        problem(buy=[0.1, 0.21]),
        problem(buy=[0.1, 0.2], sell=0.06),
        problem(buy=[0.1, 0.2], load_kw=1),
        problem(buy=[0.1, 0.2], solar_kw=1),
        problem(buy=[0.1, 0.2], end_value=0.1),
        problem(buy=[0.1, 0.2], minutes=15),
        problem(buy=[0.1, 0.2], start=START + timedelta(days=1)),
        problem(buy=[0.1, 0.2], site=house(battery(power_kw=4))),
    ],
    ids=["charge", "import price", "export price", "load", "sun", "end value", "slots", "day", "site"],
)
def test_the_fingerprint_changes_with_every_input(changed: Problem) -> None:
    assert changed.fingerprint != problem(buy=[0.1, 0.2]).fingerprint


def test_a_plan_says_what_it_was_made_of() -> None:
    question = problem(buy=[0.1, 0.3], load_kw=1)

    plan = make_plan(question, now=START, time_limit_s=5)

    assert plan.id == f"20260601T000000Z-opt-{question.fingerprint[:8]}"
    assert plan.cost == pytest.approx(sum(step.cost for step in plan.steps))
    assert plan.step_at(START + timedelta(minutes=31)) is plan.steps[1]
    assert plan.step_at(START + timedelta(hours=1)) is None
