"""The load and solar forecasts: the mean of the last days at the same time of day, or a named standard profile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from app.domain.forecast import Forecast, ForecastKind
from app.domain.reading import Reading
from app.domain.slot import Slot
from app.forecasting.history import slot_means

DAYS = 7
"""A week: every weekday once, recent enough for the season."""

HOUSEHOLD_SHARE = (29, 26, 24, 23, 23, 25, 34, 44, 45, 42, 40, 41, 42, 40, 39, 41, 50, 62, 66, 64, 59, 53, 44, 35)
"""A household's day, relative power per local hour: low nights, a morning rise, an evening peak. Used only while there is no history."""


def forecast(kind: ForecastKind, readings: Sequence[Reading], slots: Sequence[Slot], *, now: datetime, minutes: int) -> Forecast | None:
    """Return the mean of the last days at the same UTC time of day, or None where some time of day was never measured.

    Its spread is the lowest and highest of the week: of seven days and the next, that one is neither in 6 of 8 cases.
    """
    per_day = 24 * 60 // minutes
    first = slots[0].start - timedelta(days=DAYS)
    means = slot_means(readings, first=first, minutes=minutes, count=DAYS * per_day).reshape(DAYS, per_day)
    measured = ~np.isnan(means)
    if not measured.any(axis=0).all():
        return None
    day = np.where(measured, means, 0.0).sum(axis=0) / measured.sum(axis=0)
    low, mean, high = np.maximum([np.min(means, axis=0), day, np.max(means, axis=0)], 0.0)[:, np.arange(len(slots)) % per_day]
    whole = bool(measured.all())
    return Forecast(
        kind=kind,
        slots=tuple(slots),
        kw=tuple(mean.tolist()),
        low_kw=tuple(np.minimum(low, mean).tolist()) if whole else None,
        high_kw=tuple(np.maximum(high, mean).tolist()) if whole else None,
        source=f"mean of the last {DAYS} days",
        issued_at=now,
    )


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
