"""From readings to slots: gaps are gaps, duplicates count once, both ways of a meter are kept apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.reading import Quantity, Reading, reading
from app.domain.slot import Slot
from app.ledger.measure import Measured, measure
from tests.records import NOON, slot

MINUTE = timedelta(minutes=1)


def series(
    quantity: Quantity, values: Sequence[float], *, every: float = 1, start: datetime = NOON, device: str = "meter"
) -> list[Reading]:
    return [
        reading(device=device, quantity=quantity, at=start + n * every * MINUTE, value=kw, source="test") for n, kw in enumerate(values)
    ]


def one(readings: Sequence[Reading]) -> Measured:
    by_quantity: dict[Quantity, list[Reading]] = {}
    for each in readings:
        by_quantity.setdefault(each.quantity, []).append(each)
    return measure([slot()], by_quantity)[0]


def test_a_steady_power_is_its_energy() -> None:
    found = one(series(Quantity.LOAD_KW, [2.0] * 30))

    assert found.load_kwh == pytest.approx(1.0)
    assert (found.solar_kwh, found.import_kwh, found.charge_kwh, found.partly, found.awaited) == (None, None, None, (), ())


def test_buying_and_selling_in_one_slot_do_not_cancel() -> None:
    found = one(series(Quantity.GRID_KW, [4.0] * 15 + [-2.0] * 15) + series(Quantity.BATTERY_KW, [1.0] * 15 + [-1.0] * 15))

    assert (found.import_kwh, found.export_kwh) == pytest.approx((1.0, 0.5))
    assert (found.charge_kwh, found.discharge_kwh) == pytest.approx((0.25, 0.25))


def test_a_reading_stands_for_a_quarter_at_most_and_then_there_is_a_gap() -> None:
    assert one(series(Quantity.LOAD_KW, [2.0])).load_kwh == pytest.approx(1.0)
    assert one(series(Quantity.LOAD_KW, [2.0], start=NOON + MINUTE)).load_kwh == pytest.approx(1.0)
    assert one(series(Quantity.LOAD_KW, [2.0], start=NOON + 16 * MINUTE)).load_kwh is None
    assert one(series(Quantity.LOAD_KW, [2.0], start=NOON - 5 * MINUTE)).load_kwh is None


def test_a_partly_measured_slot_says_so_and_waits() -> None:
    found = one(series(Quantity.SOLAR_KW, [1.0] * 5))  # covered for 4 + 15 minutes

    assert found.solar_kwh == pytest.approx(0.5)
    assert (found.partly, found.awaited) == ((Quantity.SOLAR_KW,), (Quantity.SOLAR_KW,))


def test_what_is_never_measured_is_not_waited_for() -> None:
    first, second = measure([slot(0), slot(1)], {Quantity.LOAD_KW: series(Quantity.LOAD_KW, [1.0] * 30)})

    assert first.awaited == ()
    assert second.awaited == (Quantity.LOAD_KW,)


def test_two_devices_that_tell_the_same_count_once_and_the_better_covered_wins() -> None:
    twice = series(Quantity.LOAD_KW, [2.0] * 30) + series(Quantity.LOAD_KW, [2.2] * 30, device="other")
    gappy = series(Quantity.LOAD_KW, [9.0], device="a") + series(Quantity.LOAD_KW, [2.0] * 30, device="b")

    assert one(twice).load_kwh == pytest.approx(1.0)
    assert one(gappy).load_kwh == pytest.approx(1.0)


def test_a_charge_is_the_last_one_said_before_the_edge_and_no_older_than_a_quarter() -> None:
    charges = series(Quantity.SOC_PCT, [50, 60, 70], every=14, start=NOON - MINUTE)  # 11:59, 12:13, 12:27

    found = one(charges)
    assert (found.soc_start_pct, found.soc_end_pct) == (50, 70)
    assert one(charges[:2]).soc_end_pct is None
    assert one(series(Quantity.SOC_PCT, [50], start=NOON + MINUTE)).soc_start_pct is None


@given(some.lists(some.tuples(some.integers(-30, 45), some.floats(-8, 8)), max_size=40))
def test_order_and_duplicates_do_not_matter(told: list[tuple[int, float]]) -> None:
    once = dict(told)
    readings = [series(Quantity.GRID_KW, [kw], start=NOON + minute * MINUTE)[0] for minute, kw in once.items()]
    found = one(readings)

    assert one([*reversed(readings), *readings]) == found
    if found.import_kwh is not None and found.export_kwh is not None:
        assert found.import_kwh <= 0.5 * max([0.0, *once.values()]) + 1e-9
        assert found.export_kwh <= 0.5 * -min([0.0, *once.values()]) + 1e-9


@given(some.lists(some.floats(0, 8), min_size=60, max_size=60))
def test_two_quarters_add_up_to_their_half_hour(kw: list[float]) -> None:
    readings = {Quantity.LOAD_KW: series(Quantity.LOAD_KW, kw, every=0.5)}
    middle = NOON + 15 * MINUTE
    halves = measure([slot()], readings)
    quarters = measure([Slot(NOON, middle), Slot(middle, slot().end)], readings)

    assert sum(each.load_kwh or 0 for each in quarters) == pytest.approx(sum(each.load_kwh or 0 for each in halves))
