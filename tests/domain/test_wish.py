from datetime import UTC, datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from app.domain.slot import Slot
from app.domain.wish import SocWish, bounds_kwh
from tests.builders import battery

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
"""Midnight in UTC, one in the morning in London."""


def slot(hour: float, minutes: int = 30) -> Slot:
    start = MONDAY + timedelta(hours=hour)
    return Slot(start, start + timedelta(minutes=minutes))


@pytest.mark.parametrize(("hour", "counts"), [(5.0, False), (5.5, True), (6.0, False), (29.5, True)])
def test_a_charge_by_a_time_of_the_local_day_counts_at_the_slot_that_reaches_it(hour: float, *, counts: bool) -> None:
    by_seven = SocWish(least_pct=80, end=time(7))

    assert by_seven.counts_at(slot(hour), LONDON) is counts


def test_it_counts_on_its_days_only() -> None:
    sundays = SocWish(least_pct=80, end=time(7), weekdays=frozenset({6}))

    assert [day for day in range(7) if sundays.counts_at(slot(24 * day + 5.5), LONDON)] == [6]


@pytest.mark.parametrize(
    ("start", "end", "counting"),
    [(time(8), time(10), [8, 9]), (time(22), time(2), [1, 22, 23, 24])],
    ids=["by day", "over midnight"],
)
def test_a_span_counts_at_the_end_of_every_slot_in_it(start: time, end: time, counting: list[int]) -> None:
    span = SocWish(most_pct=60, start=start, end=end)

    assert [hour + 1 for hour in range(24) if span.counts_at(slot(hour, 60), LONDON)] == counting  # local hours, by which slots begin


def test_a_span_over_midnight_belongs_to_the_day_it_ends_on() -> None:
    tuesday = SocWish(least_pct=60, start=time(22), end=time(2), weekdays=frozenset({1}))

    assert tuesday.counts_at(slot(22), LONDON)
    assert tuesday.counts_at(slot(24), LONDON)
    assert not tuesday.counts_at(slot(0), LONDON)


def test_of_several_the_strictest_counts_and_no_floor_lies_above_the_limit() -> None:
    wishes = [SocWish(least_pct=50, end=time(7)), SocWish(least_pct=95, end=time(7)), SocWish(most_pct=70, start=time(8), end=time(9))]
    store = battery(limit_kwh=9)

    assert bounds_kwh(wishes, store, slot(5.5), LONDON) == (9.0, inf)
    assert bounds_kwh(wishes, store, slot(7.5), LONDON) == (0.0, 7.0)
    assert bounds_kwh(wishes, store, slot(12), LONDON) == (0.0, inf)
