"""Intervals widen after misses, narrow after hits, learn by age, and hold month by month on a year judged only by its own past."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.domain.forecast import Forecast
from app.domain.slot import Slot
from app.forecasting.adapt import LIMITS, adapted, factors
from tests.bench.coverage import monthly
from tests.records import NOON, forecast
from tests.tapes import real_year

HALF_HOUR = timedelta(minutes=30)


def told(n: int = 0, count: int = 20) -> Forecast:
    since = NOON + timedelta(hours=6 * n)
    slots = tuple(Slot(since + k * HALF_HOUR, since + (k + 1) * HALF_HOUR) for k in range(count))
    one = forecast([1.0] * count)
    return replace(one, slots=slots, issued_at=since, low_kw=(0.5,) * count, high_kw=(1.5,) * count)


def measured(forecasts: list[Forecast], kw: float) -> dict[Slot, float]:
    return {slot: kw for each in forecasts for slot in each.slots}


def test_nothing_measured_changes_nothing() -> None:
    assert factors([told()], {}).tolist() == [1.0, 1.0, 1.0]
    assert factors([], {}).tolist() == [1.0, 1.0, 1.0]
    assert adapted(told(), np.ones(3)) == told()


def test_misses_widen_and_hits_narrow() -> None:
    many = [told(n) for n in range(8)]

    assert (factors(many, measured(many, 2.0)) > 1.5).all()
    assert (factors(many, measured(many, 1.0)) < 0.9).all()
    assert factors([told(n) for n in range(99)], measured([told(n) for n in range(99)], 9.0)).tolist() == [LIMITS[1]] * 3


def test_each_age_learns_apart() -> None:
    one = told()
    found = factors([one], {one.slots[0]: 9.0, one.slots[5]: 1.0})

    assert found[0] > 1 > found[1]
    assert found[2] == 1


def test_half_widths_are_multiplied_and_never_pass_zero() -> None:
    found = adapted(told(), np.array([2.0, 4.0, 1.0]))

    assert found.low_kw is not None
    assert found.high_kw is not None
    assert (found.low_kw[0], found.high_kw[0]) == (0.0, 2.0)
    assert (found.low_kw[4], found.high_kw[4]) == (0.0, 3.0)
    assert (found.low_kw[12], found.high_kw[12]) == (0.5, 1.5)


def test_a_forecast_without_a_spread_stays_as_it_is() -> None:
    assert adapted(forecast(), np.full(3, 2.0)) == forecast()


def test_the_nights_dark_teaches_nothing() -> None:
    dark = replace(told(), kw=(0.0,) * 20, low_kw=(0.0,) * 20, high_kw=(0.0,) * 20)

    assert factors([dark], measured([dark], 0.0)).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.slow
def test_every_month_of_a_year_is_covered_four_times_in_five_by_what_was_learnt_before_it() -> None:
    found = monthly(real_year(), every=timedelta(hours=12))

    assert {kind: len(months) for kind, months in found.items()} == {"load": 11, "solar": 11}
    shares = [share for months in found.values() for share in months.values()]
    assert all(0.75 <= share <= 0.85 for share in shares), found
