"""What is expected of a running house: intervals as wide as its last weeks ask for."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.domain.forecast import Forecast, ForecastKind
from app.domain.reading import Quantity, reading
from app.domain.site import HOME
from app.domain.slot import slots_between
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome

HALF_HOUR, DAY = timedelta(minutes=30), timedelta(days=1)


def lived() -> FakeHome:
    """A house with ten uneven days behind it."""
    home = FakeHome()
    kw = np.random.default_rng(1).gamma(2.0, 0.3, 10 * 96)
    at = [NIGHT - 10 * DAY + n * timedelta(minutes=15) for n in range(len(kw))]
    home.readings.save(
        HOME, [reading(device="m", quantity=Quantity.LOAD_KW, at=t, value=float(v), source="t") for t, v in zip(at, kw, strict=True)]
    )
    return home.priced()


def told_too_narrowly(home: FakeHome) -> None:
    for n in range(20):
        since = NIGHT - 10 * DAY + n * timedelta(hours=12)
        slots = tuple(slots_between(since, since + DAY, minutes=30))
        line = (9.0,) * len(slots)
        told = Forecast(kind=ForecastKind.LOAD, slots=slots, kw=line, low_kw=line, high_kw=line, source="t", issued_at=since)
        home.forecasts.save(HOME, told)


def width(home: FakeHome) -> float:
    home.ask(NIGHT)
    load = home.forecasts.latest(HOME, ForecastKind.LOAD, NIGHT)
    assert load is not None
    assert load.low_kw is not None
    assert load.high_kw is not None
    return sum(high - low for low, high in zip(load.low_kw, load.high_kw, strict=True))


def test_a_house_whose_intervals_missed_is_told_wider_ones() -> None:
    usual, missed = lived(), lived()
    told_too_narrowly(missed)

    assert width(missed) > 1.5 * width(usual) > 0


def test_decisions_weigh_the_paths_whatever_width_is_told() -> None:
    usual, missed = lived(), lived()
    told_too_narrowly(missed)

    assert replace(missed.ask(NIGHT), fingerprint="") == replace(usual.ask(NIGHT), fingerprint="")


def test_prices_stored_by_another_process_are_seen_at_once() -> None:
    home = FakeHome().priced()
    home.ask(NIGHT)
    before = home.outlook.conditions(home.site, NIGHT).priced
    dearer = [replace(each, per_kwh=each.per_kwh + 0.05) for each in home.prices.between(HOME, NIGHT, NIGHT + DAY)]

    home.prices.save(HOME, dearer, NIGHT - timedelta(minutes=1))  # by a clock that is late

    after = home.outlook.conditions(home.site, NIGHT + timedelta(seconds=1)).priced
    assert after[0].import_per_kwh == pytest.approx(before[0].import_per_kwh + 0.05)


def test_the_line_of_prices_begins_with_the_slot_that_contains_now() -> None:
    home = FakeHome().priced()

    for minutes in (0, 29, 30, 31, 60, 10):
        at = NIGHT + timedelta(minutes=minutes)
        now = home.outlook.conditions(home.site, at)
        assert now.slot.contains(at)
        assert now.priced[0].slot == now.slot
