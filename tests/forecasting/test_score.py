"""How wrong forecasts were."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.forecast import ForecastKind
from app.domain.slot import Slot
from app.forecasting.score import score
from tests.records import NOON, forecast, slot

WEEK = timedelta(days=7)


def actual(*kw: float, last_week: tuple[float, ...] = ()) -> dict[Slot, float]:
    now = {slot(n): each for n, each in enumerate(kw)}
    before = {Slot(slot(n).start - WEEK, slot(n).end - WEEK): each for n, each in enumerate(last_week)}
    return now | before


def test_error_bias_and_share_of_the_mean() -> None:
    (found,) = score([forecast((1.0, 2.0, 3.0))], actual(2.0, 2.0, 2.0))

    assert (found.mae_kw, found.bias_kw, found.nmae) == pytest.approx((2 / 3, 0.0, 1 / 3))
    assert (found.count, found.skill) == (3, None)


def test_skill_compares_with_the_same_slot_last_week() -> None:
    (better,) = score([forecast((2.1, 2.0))], actual(2.0, 2.0, last_week=(1.0, 1.0)))
    (worse,) = score([forecast((4.0, 2.0))], actual(2.0, 2.0, last_week=(1.0, 2.0)))

    assert better.skill == pytest.approx(0.95)
    assert worse.skill == pytest.approx(-1.0)


def test_only_pairs_with_a_last_week_count_for_skill() -> None:
    (found,) = score([forecast((3.0, 9.0))], actual(2.0, 2.0, last_week=(0.0,)))

    assert found.skill == pytest.approx(0.5)


def test_each_source_and_horizon_has_its_own_score() -> None:
    long = forecast([1.0] * 60)
    other = forecast([2.0] * 2, source="weather")
    found = score([long, other], actual(*[1.0] * 60))

    assert [(each.source, each.from_hours, each.to_hours, each.count) for each in found] == [
        ("last_weeks", 0.0, 6.0, 12),
        ("last_weeks", 6.0, 24.0, 36),
        ("last_weeks", 24.0, 48.0, 12),
        ("weather", 0.0, 6.0, 2),
    ]


def test_the_slot_it_was_issued_in_counts_and_what_was_not_measured_does_not() -> None:
    late = forecast((1.0, 1.0, 1.0), issued_at=NOON + timedelta(minutes=29))

    assert [each.count for each in score([late], actual(1.0))] == [1]
    assert score([late], {}) == []


def test_no_sun_at_all_is_no_division() -> None:
    (found,) = score([forecast((0.5,), kind=ForecastKind.SOLAR)], actual(0.0))

    assert (found.nmae, found.mae_kw) == (None, 0.5)


def test_coverage_is_the_share_inside_the_told_interval_and_nights_say_nothing() -> None:
    told = replace(forecast((1.0, 1.0, 0.0)), low_kw=(0.5, 0.5, 0.0), high_kw=(1.5, 1.5, 0.0))

    (found,) = score([told], actual(1.4, 1.6, 0.0))

    assert found.coverage == 0.5
    assert score([forecast((1.0,))], actual(1.0))[0].coverage is None
