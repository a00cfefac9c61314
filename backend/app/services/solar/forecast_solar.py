"""Forecast.Solar: energy per hour of each plane, today and tomorrow. Free: 12 calls an hour."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast
from app.domain.roof import Plane, Roof
from app.domain.slot import Slot
from app.forecasting.pv_model import clear_kw, inverted
from app.forecasting.steps import Steps, as_given, onto
from app.forecasting.sun import DAY_S, Numbers
from app.services.patience import JsonApi
from app.services.solar.open_meteo import from_south

_STAMP = TypeAdapter(datetime)


class _Result(BaseModel):
    watt_hours_period: dict[str, float]
    """Energy since the former stamp; the stamps are whole hours, sunrise and sunset."""


class _Reply(BaseModel):
    result: _Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSolar:
    """Forecast.Solar behind an `httpx.Client` that has the base URL, `https://api.forecast.solar/`."""

    http: httpx.Client
    roof: Roof
    api_key: str | None = field(default=None, repr=False)
    sleep: Callable[[float], None] = time.sleep
    name: str = "forecast.solar"
    complaint: None = None
    """It answers whole or not at all."""

    @property
    def every(self) -> timedelta:
        """How long one answer is used: a call per plane, with half of the allowance left for whoever shares the address."""
        return max(timedelta(hours=1), timedelta(minutes=10) * len(self.roof.planes))

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the expected power of the slots that are covered, oldest first.

        Raises:
            UnavailableError: no useful answer, or the allowance is used up.
        """
        kw = np.sum([self._plane(plane, slots) for plane in self.roof.planes], axis=0)
        return as_given(slots, inverted(self.roof, kw), source=self.name, now=now)

    def _plane(self, plane: Plane, slots: Sequence[Slot]) -> Numbers:
        key = f"{self.api_key}/" if self.api_key else ""
        place = f"{self.roof.latitude:.4f}/{self.roof.longitude:.4f}"
        path = f"{key}estimate/{place}/{plane.tilt_deg:g}/{from_south(plane.azimuth_deg):g}/{plane.kwp:g}"
        api = JsonApi(http=self.http, name=self.name, sleep=self.sleep)
        given = api.get(_Reply, path, {"time": "utc"}).result.watt_hours_period
        try:
            stamps = sorted((_utc(stamp), energy / 1000) for stamp, energy in given.items())
        except ValidationError as error:
            raise UnavailableError(f"{self.name}: a stamp makes no sense: {error.errors()[0]['msg']}") from error
        steps = _steps(np.array([at for at, _ in stamps]), np.array([kwh for _, kwh in stamps]))
        alone = Roof(latitude=self.roof.latitude, longitude=self.roof.longitude, planes=(plane,))
        return onto(slots, steps, lambda at_s: clear_kw(alone, at_s))


def _utc(stamp: str) -> float:
    at = _STAMP.validate_python(stamp)
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def _steps(stamps_s: Numbers, kwh: Numbers) -> Steps:
    """Return the intervals between stamps, and the whole days around them: nothing is said of the nights, in which there is no sun."""
    if not len(stamps_s):
        raise UnavailableError("forecast.solar: the forecast is empty")
    starts = np.append(stamps_s[0] // DAY_S * DAY_S, stamps_s[:-1])
    end = (stamps_s[-1] // DAY_S + 1) * DAY_S
    longer = stamps_s > starts
    starts, ends, energy = starts[longer], stamps_s[longer], kwh[longer]
    if ends[-1] < end:
        starts, ends, energy = np.append(starts, ends[-1]), np.append(ends, end), np.append(energy, 0.0)
    return Steps(starts_s=starts, ends_s=ends, kw=energy * 3600 / (ends - starts))
