"""A past brought in fills what was not measured, once, and a house's forecasts stand on it; what cannot be is left out."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.domain.errors import InvalidInputError
from app.domain.reading import Metered, Quantity, reading
from app.domain.site import HOME, SolarArray
from app.domain.slot import Slot
from app.usecases.bring_past import BringPast
from app.usecases.history import History
from app.usecases.home import Sites
from tests.builders import house
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hours(count: int, kwh: float = 0.5, *, days_ago: float = 3) -> list[Metered]:
    start = NIGHT - days_ago * DAY
    return [Metered(quantity=Quantity.LOAD_KW, slot=Slot(start + n * HOUR, start + (n + 1) * HOUR), kwh=kwh) for n in range(count)]


def without_array() -> FakeHome:
    return FakeHome(site=replace(house(), solar=SolarArray()))


def bring_into(home: FakeHome) -> BringPast:
    return BringPast(home.readings, Sites(home.homes))


def test_hours_become_the_past_of_half_hours() -> None:
    home = FakeHome()

    found = bring_into(home).run(HOME, hours(72, 0.6), source="statistics")
    past = History(home.readings).past(house(), NIGHT, minutes=30)

    assert (found.new, found.measured, found.first, found.last) == (72, 0, NIGHT - 3 * DAY, NIGHT)
    assert past.load_kw == pytest.approx(np.full(3 * 48, 0.6))


def test_the_same_past_twice_is_stored_once() -> None:
    home = FakeHome()
    bring = bring_into(home)
    bring.run(HOME, hours(24), source="file")

    again = bring.run(HOME, hours(24), source="file")

    assert (again.new, again.measured) == (0, 24)


def test_what_the_house_measured_itself_wins() -> None:
    home = FakeHome()
    at = NIGHT - 3 * DAY + 90 * timedelta(minutes=1)
    home.readings.save(HOME, [reading(device="meter", quantity=Quantity.LOAD_KW, at=at, value=2.0, source="meter")])

    found = bring_into(home).run(HOME, hours(3), source="file")

    assert (found.new, found.measured) == (2, 1)


def test_an_energy_no_house_can_draw_is_left_out() -> None:
    home = FakeHome()
    past = hours(6)
    past[2] = replace(past[2], kwh=500.0, where="past.csv, line 4, column load_kwh")
    past[4] = replace(past[4], kwh=24.1)

    found = bring_into(home).run(HOME, past, source="file")

    assert (found.new, found.impossible, found.doubted) == (4, 2, ())
    assert [str(each) for each in found.left_out] == [
        "past.csv, line 4, column load_kwh: 500 kWh in 60 minutes is 500 kW, and this house can draw 24 kW: left out",
        "2026-05-30 02:00 UTC: 24.1 kWh in 60 minutes is 24.1 kW, and this house can draw 24 kW: left out",
    ]
    assert len(home.readings.rows) == 4 * 4


def test_a_meter_counts_no_more_than_the_fuse_bears() -> None:
    past = [replace(each, by_meter=True, kwh=kwh) for each, kwh in zip(hours(3), (15.0, 15.1, 1.0), strict=True)]

    found = bring_into(without_array()).run(HOME, past, source="file")

    assert [(each.past.kwh, each.most_kw) for each in found.left_out] == [(15.1, 15)]


def test_an_array_makes_no_more_than_it_can_and_a_house_without_one_nothing() -> None:
    past = [replace(each, quantity=Quantity.SOLAR_KW, kwh=kwh) for each, kwh in zip(hours(3), (5.0, 5.3, 0.0), strict=True)]
    with_array = bring_into(FakeHome()).run(HOME, past, source="file")
    without = bring_into(without_array()).run(HOME, past, source="file")

    assert ([each.past.kwh for each in with_array.left_out], with_array.new) == ([5.3], 2)
    assert (without.impossible, without.new, without.doubted) == (2, 0, (Quantity.SOLAR_KW,))


def test_where_most_cannot_be_the_unit_is_wrong_and_nothing_is_stored() -> None:
    home = FakeHome()
    in_wh = [replace(each, kwh=kwh) for each, kwh in zip(hours(4), (250.0, 480.0, 9.0, 310.0), strict=True)]

    found = bring_into(home).run(HOME, in_wh, source="file")

    assert (found.new, found.impossible, found.doubted) == (0, 3, (Quantity.LOAD_KW,))
    assert home.readings.rows == {}


def test_a_meter_is_not_the_load_of_a_house_with_an_array() -> None:
    home = FakeHome()
    with pytest.raises(InvalidInputError, match="a meter does not see what the array gave"):
        bring_into(home).run(HOME, [replace(each, by_meter=True) for each in hours(3)], source="file")


def test_a_spike_beyond_fuse_and_inverter_is_a_gap_and_no_habit() -> None:
    home = FakeHome()
    past = hours(72)
    bring_into(home).run(HOME, past[:30] + past[31:], source="file")
    spike = past[30].slot.start + timedelta(minutes=30)
    home.readings.save(HOME, [reading(device="meter", quantity=Quantity.LOAD_KW, at=spike, value=400.0, source="meter")])

    assert History(home.readings).past(house(), NIGHT, minutes=60).load_kw == pytest.approx(np.full(72, 0.5))
