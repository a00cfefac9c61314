"""The stored history of a house becomes a tape, or it is said why not."""

from datetime import timedelta

import pytest

from app.domain.errors import InvalidInputError
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, reading
from app.domain.site import HOME
from app.domain.slot import Slot
from app.usecases.stored_tape import stored_tape
from tests.builders import START
from tests.fake_stores import Disk, FakePrices, FakeReadings

HALF_HOURS = 3 * 48
END = START + timedelta(days=3)


def published(*, without: int | None = None) -> FakePrices:
    prices = FakePrices(Disk())
    slots = [Slot(START + n * timedelta(minutes=30), START + (n + 1) * timedelta(minutes=30)) for n in range(HALF_HOURS) if n != without]
    prices.save(HOME, [Price(slot=slot, direction=way, per_kwh=0.2, source="test") for slot in slots for way in Direction], START)
    return prices


def measured(*, silent: range = range(0)) -> FakeReadings:
    readings = FakeReadings(Disk())
    instants = [START + n * timedelta(minutes=5) for n in range(6 * HALF_HOURS) if n // 6 not in silent]
    for quantity, value in ((Quantity.LOAD_KW, 1.5), (Quantity.SOLAR_KW, 0.5)):
        readings.save(HOME, [reading(device="meter", quantity=quantity, at=at, value=value, source="test") for at in instants])
    return readings


def test_prices_and_measurements_become_one_tape() -> None:
    tape, filled = stored_tape(published(), measured(), HOME, START, END)

    assert (tape.first, len(tape), tape.minutes, filled) == (START, HALF_HOURS, 30, 0)
    assert set(tape.load_kw.round(6)) == {1.5}
    assert set(tape.solar_kw.round(6)) == {0.5}


def test_it_begins_after_the_last_missing_price_with_whole_days() -> None:
    tape, _ = stored_tape(published(without=20), measured(), HOME, START, END)

    assert tape.first == START + timedelta(days=1)


def test_what_was_not_measured_is_filled_and_counted() -> None:
    tape, filled = stored_tape(published(), measured(silent=range(60, 64)), HOME, START, END)

    assert len(tape) == HALF_HOURS
    assert filled in {3, 4}


def test_without_prices_or_measurements_there_is_no_tape() -> None:
    with pytest.raises(InvalidInputError, match="no prices"):
        stored_tape(FakePrices(Disk()), measured(), HOME, START, END)
    with pytest.raises(InvalidInputError, match="no whole day"):
        stored_tape(published(), FakeReadings(Disk()), HOME, START, END)
