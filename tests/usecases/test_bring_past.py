"""A past brought in fills what was not measured, once, and a house's forecasts stand on it; what cannot be is left out."""

from datetime import timedelta

import numpy as np
import pytest

from app.domain.reading import Metered, Quantity, reading
from app.domain.site import HOME
from app.domain.slot import Slot
from app.usecases.bring_past import BringPast
from app.usecases.history import History
from tests.builders import house
from tests.fakes import NIGHT, FakeHome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hours(count: int, kwh: float = 0.5, *, days_ago: float = 3) -> list[Metered]:
    start = NIGHT - days_ago * DAY
    return [Metered(quantity=Quantity.LOAD_KW, slot=Slot(start + n * HOUR, start + (n + 1) * HOUR), kwh=kwh) for n in range(count)]


def test_hours_become_the_past_of_half_hours() -> None:
    home = FakeHome()

    found = BringPast(home.readings).run(HOME, hours(72, 0.6), source="statistics")
    past = History(home.readings).past(house(), NIGHT, minutes=30)

    assert (found.new, found.measured, found.first, found.last) == (72, 0, NIGHT - 3 * DAY, NIGHT)
    assert past.load_kw == pytest.approx(np.full(3 * 48, 0.6))


def test_the_same_past_twice_is_stored_once() -> None:
    home = FakeHome()
    bring = BringPast(home.readings)
    bring.run(HOME, hours(24), source="file")

    again = bring.run(HOME, hours(24), source="file")

    assert (again.new, again.measured) == (0, 24)


def test_what_the_house_measured_itself_wins() -> None:
    home = FakeHome()
    at = NIGHT - 3 * DAY + 90 * timedelta(minutes=1)
    home.readings.save(HOME, [reading(device="meter", quantity=Quantity.LOAD_KW, at=at, value=2.0, source="meter")])

    found = BringPast(home.readings).run(HOME, hours(3), source="file")

    assert (found.new, found.measured) == (2, 1)


def test_an_energy_no_house_can_draw_is_left_out() -> None:
    found = BringPast(FakeHome().readings).run(HOME, hours(2, 5000.0), source="file")

    assert (found.new, found.impossible) == (0, 2)


def test_a_spike_beyond_fuse_and_inverter_is_a_gap_and_no_habit() -> None:
    home = FakeHome()
    bring = BringPast(home.readings)
    past = hours(72)
    past[30] = Metered(quantity=Quantity.LOAD_KW, slot=past[30].slot, kwh=400.0)
    bring.run(HOME, past, source="file")

    assert History(home.readings).past(house(), NIGHT, minutes=60).load_kw == pytest.approx(np.full(72, 0.5))
