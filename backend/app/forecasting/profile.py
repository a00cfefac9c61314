"""What stands in while a house has no history: a named standard household, and no sun."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot

HOUSEHOLD_SHARE = (29, 26, 24, 23, 23, 25, 34, 44, 45, 42, 40, 41, 42, 40, 39, 41, 50, 62, 66, 64, 59, 53, 44, 35)
"""A household's day, relative power per local hour: low nights, a morning rise, an evening peak. Used only while there is no history."""


def standard_load(slots: Sequence[Slot], *, annual_kwh: float, zone: ZoneInfo, now: datetime) -> Forecast:
    """Return a household's ordinary day scaled to its yearly consumption, for a house without a history."""
    mean_kw = annual_kwh / (365 * 24)
    mean_share = sum(HOUSEHOLD_SHARE) / len(HOUSEHOLD_SHARE)
    kw = tuple(mean_kw * HOUSEHOLD_SHARE[slot.start.astimezone(zone).hour] / mean_share for slot in slots)
    source = f"standard profile of {annual_kwh:.0f} kWh a year"
    return Forecast(kind=ForecastKind.LOAD, slots=tuple(slots), kw=kw, source=source, issued_at=now)


def no_sun(slots: Sequence[Slot], *, source: str, now: datetime) -> Forecast:
    """Return no solar power at all: for a house without an array, or on the safe side while it has no history."""
    return Forecast(kind=ForecastKind.SOLAR, slots=tuple(slots), kw=(0.0,) * len(slots), source=source, issued_at=now)
