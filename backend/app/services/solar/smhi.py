"""SMHI's SNOW1g point forecast: cloud cover and temperature for Sweden and around it, turned into AC power. Free (CC BY 4.0), no key.

It has no irradiance, so the light is a clear sky's under so many octas of cloud: coarser than Open-Meteo, for who wants SMHI's weather.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import numpy as np
from pydantic import AwareDatetime, BaseModel

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast
from app.domain.roof import Roof
from app.domain.slot import Slot
from app.forecasting.pv_model import from_ghi
from app.forecasting.steps import as_given, middles
from app.forecasting.sun import clouded_ghi, sun
from app.services.patience import JsonApi

MISSING = 9999
OCTAS = 8
NEAR_S = 6 * 3600.0
"""Steps further apart than this say nothing of the hours between them."""


class _Weather(BaseModel):
    air_temperature: float = MISSING
    cloud_area_fraction: float = MISSING


class _Step(BaseModel):
    time: AwareDatetime
    data: _Weather


class _Reply(BaseModel):
    timeSeries: list[_Step]  # noqa: N815  SMHI's own word


@dataclass(frozen=True, slots=True, kw_only=True)
class Smhi:
    """SMHI behind an `httpx.Client` that has the base URL, `https://opendata-download-metfcst.smhi.se/api/`."""

    http: httpx.Client
    roof: Roof
    sleep: Callable[[float], None] = time.sleep
    name: str = "smhi"
    every: timedelta = timedelta(hours=1)
    complaint: None = None
    """It answers whole or not at all."""

    def forecast(self, slots: Sequence[Slot], now: datetime) -> Forecast:
        """Return the expected power of the slots that are covered, oldest first.

        Raises:
            UnavailableError: no useful answer, or the place lies outside of SMHI's area.
        """
        place = f"lon/{self.roof.longitude:.4f}/lat/{self.roof.latitude:.4f}"
        api = JsonApi(http=self.http, name=self.name, sleep=self.sleep)
        reply = api.get(_Reply, f"category/snow1g/version/1/geotype/point/{place}/data.json")
        steps = [step for step in reply.timeSeries if _known(step.data)]
        if not steps:
            raise UnavailableError(f"{self.name}: the forecast has no clouds")
        steps.sort(key=lambda step: step.time)
        stamps = np.array([step.time.timestamp() for step in steps])
        at_s = middles(slots)
        octas = np.interp(at_s, stamps, [step.data.cloud_area_fraction for step in steps])
        air_c = np.interp(at_s, stamps, [step.data.air_temperature for step in steps])
        position = sun(at_s, latitude=self.roof.latitude, longitude=self.roof.longitude)
        kw = from_ghi(self.roof, at_s, clouded_ghi(position, octas / OCTAS), air_c)
        after = np.searchsorted(stamps, at_s)
        gap = stamps[np.minimum(after, len(stamps) - 1)] - stamps[np.maximum(after - 1, 0)]
        covered = (at_s >= stamps[0] - 3600) & (at_s <= stamps[-1]) & (gap <= NEAR_S)
        return as_given(slots, np.where(covered, kw, np.nan), source=self.name, now=now)


def _known(weather: _Weather) -> bool:
    return weather.air_temperature != MISSING and 0 <= weather.cloud_area_fraction <= OCTAS
