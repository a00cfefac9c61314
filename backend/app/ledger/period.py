"""Days, months and years as people count them: in the site's local time, as UTC intervals."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.slot import Slot, local_day


class Period(StrEnum):
    """What totals are asked for."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


def span(period: Period, day: date, zone: ZoneInfo) -> Slot:
    """Return the day, month or year that a local day lies in."""
    match period:
        case Period.DAY:
            return local_day(day, zone)
        case Period.MONTH:
            return _between(day.replace(day=1), _next_month(day), zone)
        case Period.YEAR | Period.ALL:
            return _between(date(day.year, 1, 1), date(day.year + 1, 1, 1), zone)


def parts(period: Period, whole: Slot, zone: ZoneInfo) -> list[Slot]:
    """Return what a whole is made of: a month of days, a year of months, everything of years; a day of nothing smaller."""
    smaller = {Period.MONTH: Period.DAY, Period.YEAR: Period.MONTH, Period.ALL: Period.YEAR}.get(period)
    found: list[Slot] = []
    at = whole.start
    while smaller is not None and at < whole.end:
        part = span(smaller, at.astimezone(zone).date(), zone)
        found.append(part)
        at = part.end
    return found


def week(instant: datetime, zone: ZoneInfo) -> Slot:
    """Return the local week, Monday to Sunday, that contains an instant."""
    day = instant.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return _between(monday, monday + timedelta(days=7), zone)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _between(first: date, end: date, zone: ZoneInfo) -> Slot:
    return Slot(*(datetime.combine(day, time(0), zone).astimezone(UTC) for day in (first, end)))
