"""Open-Meteo: irradiance on each plane and air temperature from weather models, turned into AC power. Free for private use (CC BY 4.0)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
from pydantic import BaseModel, ConfigDict

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast
from app.domain.roof import Plane, Roof
from app.domain.slot import Slot
from app.forecasting.pv_model import ac_kw, clear_kw, inverted, plane_kw
from app.forecasting.steps import Steps, as_given, onto
from app.forecasting.sun import Numbers
from app.services.patience import JsonApi

ENSEMBLE = "https://ensemble-api.open-meteo.com/v1/ensemble"
LIGHT, AIR = "global_tilted_irradiance", "temperature_2m"
HOUR_S, QUARTER_S = 3600.0, 900.0
MOST_DAYS = 7
LEAST_MEMBERS = 10
"""Fewer members have no tenths."""


class _Series(BaseModel):
    model_config = ConfigDict(extra="allow")
    time: list[int]

    def of_models(self, name: str, models: Sequence[str]) -> Numbers:
        """Return a column, a row for each model: where several are asked, the service has a column for each."""
        suffixed = len(models) > 1
        return np.array([self.column(f"{name}_{model}" if suffixed else name) for model in models or ("",)])

    def column(self, name: str) -> Numbers:
        """Return a column as numbers, NaN where the service has none."""
        values = getattr(self, name, None)
        if not isinstance(values, list) or len(values) != len(self.time):
            raise UnavailableError(f"open-meteo: the reply has no {name} for every time")
        return np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)


class _Reply(BaseModel):
    hourly: _Series | None = None
    minutely_15: _Series | None = None


@dataclass(slots=True, kw_only=True)
class OpenMeteo:
    """Weather models behind an `httpx.Client` that has the base URL, e.g. `https://api.open-meteo.com/v1/`."""

    http: httpx.Client
    roof: Roof
    quarters: bool = False
    """Worth it where a model computes quarter-hours itself (Central Europe, North America); elsewhere they are only interpolated."""
    models: str | None = None
    """Of several, with commas between, the mean counts."""
    api_key: str | None = None
    ensemble: str | None = None
    """Names an ensemble, e.g. icon_seamless, whose members give the spread."""
    sleep: Callable[[float], None] = time.sleep
    name: str = "open-meteo"
    every: timedelta = timedelta(minutes=30)
    complaint: str | None = None
    """Which of several models knew nothing last time."""

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the expected power of the slots that are covered, oldest first.

        Raises:
            UnavailableError: no useful answer.
        """
        given = [self._plane(plane, slots) for plane in self.roof.planes]
        step_s = QUARTER_S if self.quarters else HOUR_S
        powers = (
            _onto(slots, replace(self.roof, planes=(plane,)), ends, step_s, plane_kw(self.roof, plane, light, air_c))
            for plane, (ends, light, air_c) in zip(self.roof.planes, given, strict=True)
        )
        kw = inverted(self.roof, sum(powers, np.zeros(len(slots))))
        low, high = self._spread(slots, given[0][0], given[0][2], kw) if self.ensemble else (None, None)
        return as_given(slots, kw, low_kw=low, high_kw=high, source=self.name, now=now)

    def _plane(self, plane: Plane, slots: Sequence[Slot]) -> tuple[Numbers, Numbers, Numbers]:
        """Return the ends of a plane's intervals, its light in each and the air's temperature."""
        block = "minutely_15" if self.quarters else "hourly"
        models = self._models
        params = self._params(plane, slots) | {block: f"{LIGHT},{AIR}"} | ({"models": ",".join(models)} if models else {})
        reply = self._api.get(_Reply, "forecast", params)
        series = reply.hourly if block == "hourly" else reply.minutely_15
        if series is None:
            raise UnavailableError(f"open-meteo: the reply has no {block} values")
        light, air = series.of_models(LIGHT, models), series.of_models(AIR, models)
        air = np.concatenate([air[:, :1], (air[:, 1:] + air[:, :-1]) / 2], axis=1)  # at the stamps; the light is a mean up to each stamp
        known = np.isfinite(light) & np.isfinite(air)
        if not known.any():
            raise UnavailableError("open-meteo: the forecast is empty")
        silent = [model for model, each in zip(models, known, strict=False) if not each.any()]
        self.complaint = f"open-meteo: {', '.join(silent)} know{'' if len(silent) > 1 else 's'} nothing of this place" if silent else None
        told = known.any(axis=0)
        light_w_m2, air_c = (np.mean(each[:, told], axis=0, where=known[:, told]) for each in (light, air))
        return np.array(series.time, dtype=np.float64)[told], light_w_m2, air_c

    def _spread(self, slots: Sequence[Slot], times: Numbers, air_c: Numbers, kw: Numbers) -> tuple[Numbers, Numbers] | tuple[None, None]:
        """Return what a tenth of the members stay below and exceed, around the main forecast; nothing if they are not there."""
        try:
            ends, light = self._members(slots)
        except UnavailableError:
            return None, None  # the ensemble only adds a spread; the calibration has one of its own
        air_c = np.interp(ends, times, air_c)
        powers = np.array([ac_kw(self.roof, list(planes), air_c) for planes in light.swapaxes(0, 1)])
        low, middle, high = (_onto(slots, self.roof, ends, HOUR_S, each) for each in np.quantile(powers, [0.1, 0.5, 0.9], axis=0))
        return np.maximum(kw - (middle - low), 0), kw + (high - middle)

    def _members(self, slots: Sequence[Slot]) -> tuple[Numbers, Numbers]:
        """Return the ends of the hours and the light: plane, member, hour."""
        planes, ends = [], None
        for plane in self.roof.planes:
            params = self._params(plane, slots) | {"hourly": LIGHT, "models": self.ensemble or ""}
            series = self._api.get(_Reply, ENSEMBLE, params).hourly
            names = [name for name in (series.model_extra or {}) if name.startswith(LIGHT)] if series is not None else []
            if series is None or len(names) < LEAST_MEMBERS:
                raise UnavailableError("open-meteo: the ensemble has too few members")
            planes.append(np.array([series.column(name) for name in sorted(names)]))
            ends = np.array(series.time, dtype=np.float64)
        if len({members.shape for members in planes}) != 1:
            raise UnavailableError("open-meteo: the ensemble's planes do not fit together")
        light = np.array(planes)
        known = np.isfinite(light).all(axis=(0, 1))
        if ends is None or not known.any():
            raise UnavailableError("open-meteo: the ensemble is empty")
        return ends[known], light[:, :, known]

    def _params(self, plane: Plane, slots: Sequence[Slot]) -> dict[str, str | int | float]:
        days = (slots[-1].end.astimezone(UTC).date() - slots[0].start.astimezone(UTC).date()).days + 2
        key = {"apikey": self.api_key} if self.api_key else {}
        return {
            "latitude": self.roof.latitude,
            "longitude": self.roof.longitude,
            "tilt": plane.tilt_deg,
            "azimuth": from_south(plane.azimuth_deg),
            "timezone": "UTC",
            "timeformat": "unixtime",
            "forecast_days": min(days, MOST_DAYS),
            "past_days": 1,
            **key,
        }

    @property
    def _models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for each in (self.models or "").split(",") if (name := each.strip())))

    @property
    def _api(self) -> JsonApi:
        return JsonApi(http=self.http, name=self.name, sleep=self.sleep)


def _onto(slots: Sequence[Slot], roof: Roof, ends_s: Numbers, step_s: float, kw: Numbers) -> Numbers:
    return onto(slots, Steps(starts_s=ends_s - step_s, ends_s=ends_s, kw=kw), lambda at_s: clear_kw(roof, at_s))


def from_south(azimuth_deg: float) -> float:
    """Return an azimuth as Open-Meteo and Forecast.Solar count it: 0 is south, east negative, west positive, within 180."""
    return (azimuth_deg % 360) - 180
