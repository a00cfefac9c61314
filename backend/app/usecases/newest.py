"""Newest: what a house measures now. A bad reading, or one of a clock that runs ahead, hides no good one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain.reading import CLOCK_SKEW, Quantity, Reading
from app.domain.site import SiteId
from app.usecases import ports

FRESH_S = 900.0
"""A state of charge older than this is not planned on: a forced mode moves a home battery by a quarter in that time."""


def fresh(readings: ports.Readings, site: SiteId, quantities: Sequence[Quantity], now: datetime) -> dict[Quantity, Reading]:
    """Return of each quantity the newest good reading that is fresh, if there is one."""
    return readings.good(site, quantities, now - timedelta(seconds=FRESH_S), now, now + CLOCK_SKEW)


def newest(readings: ports.Readings, site: SiteId, quantities: Sequence[Quantity], now: datetime) -> dict[Quantity, Reading]:
    """Return of each quantity the newest good reading that is fresh; where there is none the newest of all, which shows what is wrong."""
    found = fresh(readings, site, quantities, now)
    return readings.latest(site, [each for each in quantities if each not in found], now + CLOCK_SKEW) | found
