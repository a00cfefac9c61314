from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.domain.errors import InvalidInputError
from app.domain.slot import Slot, finest_minutes, floor, local_day, slot_at, slots_between

LONDON, STOCKHOLM = ZoneInfo("Europe/London"), ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

instants = some.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


def test_the_start_belongs_to_a_slot_and_the_end_to_the_next() -> None:
    slot = slot_at(NOON, minutes=30)

    assert slot == Slot(NOON, NOON + timedelta(minutes=30))
    assert slot.contains(slot.start)
    assert slot.contains(slot.end - timedelta(microseconds=1))
    assert not slot.contains(slot.end)


@pytest.mark.parametrize(("minute", "second", "starts"), [(0, 0, 0), (29, 59, 0), (30, 0, 30), (59, 59, 30)])
def test_now_is_the_slot_that_contains_now_never_the_nearest(minute: int, second: int, starts: int) -> None:
    assert slot_at(NOON.replace(minute=minute, second=second), minutes=30).start == NOON.replace(minute=starts)


@given(instant=instants, minutes=some.sampled_from([15, 30, 60]))
def test_every_instant_lies_in_its_own_slot(instant: datetime, minutes: int) -> None:
    slot = slot_at(instant, minutes=minutes)

    assert slot.contains(instant)
    assert slot.hours == minutes / 60
    assert floor(slot.start, minutes=minutes) == slot.start


@pytest.mark.parametrize(
    ("day", "zone", "half_hours"),
    [
        (date(2026, 3, 29), LONDON, 46),
        (date(2026, 6, 1), LONDON, 48),
        (date(2026, 10, 25), LONDON, 50),
        (date(2026, 3, 29), STOCKHOLM, 46),
        (date(2026, 10, 25), STOCKHOLM, 50),
    ],
)
def test_a_local_day_has_as_many_slots_as_its_clock_says(day: date, zone: ZoneInfo, half_hours: int) -> None:
    span = local_day(day, zone)

    assert len(slots_between(span.start, span.end, minutes=30)) == half_hours
    assert len(slots_between(span.start, span.end, minutes=15)) == 2 * half_hours
    assert span.start.astimezone(zone).date() == day
    assert span.end.astimezone(zone) == datetime.combine(day + timedelta(days=1), time(0), zone)


def test_slots_follow_each_other_without_hole_or_overlap() -> None:
    slots = slots_between(NOON + timedelta(minutes=7), NOON + timedelta(hours=2, minutes=1), minutes=30)

    assert slots[0].start == NOON
    assert slots[-1].contains(NOON + timedelta(hours=2))
    assert all(one.end == following.start for one, following in pairwise(slots))


def test_an_empty_span_has_no_slot() -> None:
    assert slots_between(NOON, NOON, minutes=30) == ()


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        (NOON, NOON, "before it starts"),
        (NOON.astimezone(LONDON), NOON.astimezone(LONDON) + timedelta(hours=1), "not in UTC"),
        (NOON.replace(tzinfo=None), NOON.replace(tzinfo=None) + timedelta(hours=1), "not in UTC"),
    ],
)
def test_a_slot_that_cannot_be_is_refused(start: datetime, end: datetime, complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        Slot(start, end)


def test_the_finest_resolution_of_a_mix_counts() -> None:
    quarter, hour = slot_at(NOON, minutes=15), slot_at(NOON, minutes=60)

    assert finest_minutes([hour, quarter]) == 15
    with pytest.raises(InvalidInputError):
        finest_minutes([])
