"""The Agile publication rule: every afternoon the prices from 23:00 to 23:00 local become known."""

from datetime import datetime, time, timedelta

from app.domain.site import LONDON
from app.domain.slot import local_day

PUBLISHED_AT = time(16)
DAY_STARTS_AT = time(23)
"""Midnight on the continent, where the auction's day begins; so tomorrow's last hour comes a day later."""


def agile_published_until(now: datetime, *, lateness: timedelta = timedelta(0)) -> datetime:
    """Return the UTC instant up to which Agile prices are out, when publication is as late as allowed for."""
    local = (now - lateness).astimezone(LONDON)
    days = 1 if local.time() >= PUBLISHED_AT else 0
    return local_day(local.date() + timedelta(days=days), LONDON, starts_at=DAY_STARTS_AT).start
