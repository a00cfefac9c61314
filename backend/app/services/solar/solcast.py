"""Solcast's hobbyist rooftops: mean power with p10 and p90 per half-hour. Free: ten calls a day, one per rooftop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import numpy as np
from pydantic import AwareDatetime, BaseModel, Field

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast
from app.domain.slot import Slot
from app.forecasting.steps import Shape, Steps, as_given, flat, onto
from app.forecasting.sun import Numbers
from app.services.patience import JsonApi

HOURS = 96
CALLS_A_DAY = 10
SPARED_CALLS = 2
"""For restarts and for whoever looks by hand."""


class _Period(BaseModel):
    period_end: AwareDatetime
    period: timedelta
    pv_estimate: float = Field(ge=0)
    pv_estimate10: float = Field(ge=0)
    pv_estimate90: float = Field(ge=0)


class _Reply(BaseModel):
    forecasts: list[_Period]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solcast:
    """Solcast behind an `httpx.Client` that has the base URL, `https://api.solcast.com.au/`."""

    http: httpx.Client
    rooftops: tuple[str, ...]
    """The resource ids of the rooftops, which add up."""
    api_key: str = field(repr=False)
    shape: Shape = flat
    sleep: Callable[[float], None] = time.sleep
    name: str = "solcast"
    complaint: None = None
    """It answers whole or not at all."""

    @property
    def every(self) -> timedelta:
        """How long one answer is used, so that a day's calls last for the day."""
        return timedelta(days=1) * len(self.rooftops) / (CALLS_A_DAY - SPARED_CALLS)

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the expected power of the slots that are covered with p10 and p90, oldest first.

        Raises:
            UnavailableError: no useful answer, or the day's calls are used up.
        """
        api = JsonApi(http=self.http, name=self.name, sleep=self.sleep, attempts=1, bearer=self.api_key)
        low, kw, high = np.zeros(len(slots)), np.zeros(len(slots)), np.zeros(len(slots))
        for rooftop in self.rooftops:
            periods = api.get(_Reply, f"rooftop_sites/{rooftop}/forecasts", {"format": "json", "hours": HOURS}).forecasts
            if not periods:
                raise UnavailableError(f"{self.name}: the forecast is empty")
            periods.sort(key=lambda period: period.period_end)
            low += self._onto(slots, periods, [period.pv_estimate10 for period in periods])
            kw += self._onto(slots, periods, [period.pv_estimate for period in periods])
            high += self._onto(slots, periods, [period.pv_estimate90 for period in periods])
        return as_given(slots, kw, low_kw=low, high_kw=high, source=self.name, now=now)

    def _onto(self, slots: Sequence[Slot], periods: list[_Period], kw: list[float]) -> Numbers:
        ends = np.array([period.period_end.timestamp() for period in periods])
        lengths = np.array([period.period.total_seconds() for period in periods])
        return onto(slots, Steps(starts_s=ends - lengths, ends_s=ends, kw=np.array(kw)), self.shape)
