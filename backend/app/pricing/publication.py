"""When prices become known: how far ahead of now a tariff has published."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Publication(StrEnum):
    """The rhythm of a tariff."""

    AGILE = "agile"
    """At 16:00 local the day from 23:00 to 23:00 local."""
    DAY_AHEAD = "day_ahead"
    """At 13:00 local the next local day."""
    KNOWN = "known"
    """A fixed tariff: everybody knows it beforehand."""


RHYTHM = {Publication.AGILE: (time(16), time(23)), Publication.DAY_AHEAD: (time(13), time(0))}
"""When a day is published, and when a published day ends, in local time."""


def published_until(publication: Publication, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant up to which prices are published now, None if for ever."""
    if publication is Publication.KNOWN:
        return None
    published_at, ends_at = RHYTHM[publication]
    local = now.astimezone(zone)
    last_day = local.date() + timedelta(days=local.time() >= published_at)
    if ends_at == time(0):
        last_day += timedelta(days=1)
    return datetime.combine(last_day, ends_at, zone).astimezone(UTC)
