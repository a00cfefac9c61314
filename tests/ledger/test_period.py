"""Days, months and years are local ones."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.ledger.period import Period, parts, span, week

LONDON, STOCKHOLM = ZoneInfo("Europe/London"), ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), LONDON, 23),
        (date(2026, 10, 25), LONDON, 25),
        (date(2026, 10, 25), STOCKHOLM, 25),
        (date(2026, 6, 1), LONDON, 24),
    ],
)
def test_a_day_is_as_long_as_its_clock_makes_it(day: date, zone: ZoneInfo, hours: float) -> None:
    assert span(Period.DAY, day, zone).hours == hours


def test_a_month_runs_from_local_midnight_to_local_midnight() -> None:
    march = span(Period.MONTH, date(2026, 3, 29), LONDON)

    assert (march.start, march.end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, tzinfo=UTC))
    assert march.hours == 31 * 24 - 1


@pytest.mark.parametrize(("period", "count"), [(Period.DAY, 0), (Period.MONTH, 31), (Period.YEAR, 12)])
@pytest.mark.parametrize("zone", [LONDON, STOCKHOLM])
def test_parts_make_the_whole_without_a_gap(period: Period, count: int, zone: ZoneInfo) -> None:
    whole = span(period, date(2026, 10, 31), zone)
    found = parts(period, whole, zone)

    assert len(found) == count
    assert all(one.end == following.start for one, following in pairwise(found))
    if found:
        assert (found[0].start, found[-1].end) == (whole.start, whole.end)


def test_everything_is_made_of_years() -> None:
    first, last = span(Period.YEAR, date(2024, 5, 1), LONDON), span(Period.ALL, date(2026, 1, 2), LONDON)
    whole = type(first)(first.start, last.end)

    assert [part.start.year for part in parts(Period.ALL, whole, LONDON)] == [2024, 2025, 2026]


def test_a_week_begins_on_monday_local_time() -> None:
    found = week(datetime(2026, 3, 29, 23, 30, tzinfo=UTC), LONDON)  # Monday 00:30 in London

    assert found.start == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert week(datetime(2026, 3, 29, 22, 30, tzinfo=UTC), LONDON).hours == 7 * 24 - 1
