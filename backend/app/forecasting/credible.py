"""Whether a solar forecast can be one at all: the sun does not shine at night, and a day of light gives something."""

from dataclasses import replace
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast
from app.domain.roof import Roof
from app.forecasting.pv_model import clear_kw
from app.forecasting.steps import middles
from app.forecasting.sun import Numbers, sun

DARK = np.radians(-6)
"""Below it there is no twilight that a module would notice; a place said roughly and a slot's length lie within."""
NIGHT_SHARE = 0.02
"""Of the peak: services that round or smooth leave a trace of it in the dark."""
LIGHT_H = 0.5
"""A clear sky gives at least so many kWh per kW of peak: even the thickest cloud leaves some of it."""
NOTHING_KW = 0.001


def credible(given: Forecast, roof: Roof, zone: ZoneInfo) -> tuple[Forecast, str | None]:
    """Return a forecast up to the first local day of light for which it says nothing but 0, and a sentence about that day if there is one.

    Raises:
        UnavailableError: it has sun at night, or nothing for the rest of today although there is light.
    """
    at_s = middles(given.slots)
    if (at := _sun_at_night(given, roof, at_s)) is not None:
        told = f"{given.kw[at]:.2f} kW at {given.slots[at].start.astimezone(zone):%Y-%m-%d %H:%M}, when it is night there"
        raise UnavailableError(f"{given.source}: {told}: its clock or the place in the document is wrong")
    count = _lit_until(given, clear_kw(roof, at_s), zone, least_kwh=LIGHT_H * roof.peak_kw)
    if count == len(given.slots):
        return given, None
    complaint = f"{given.source}: 0 kW for all of {given.slots[count].start.astimezone(zone):%Y-%m-%d}, a day with light: no forecast"
    if count == 0:
        raise UnavailableError(complaint)
    low, high = (None if each is None else each[:count] for each in (given.low_kw, given.high_kw))
    return replace(given, slots=given.slots[:count], kw=given.kw[:count], low_kw=low, high_kw=high), complaint


def _sun_at_night(given: Forecast, roof: Roof, at_s: Numbers) -> int | None:
    night = sun(at_s, latitude=roof.latitude, longitude=roof.longitude).elevation < DARK
    found = np.flatnonzero(night & (np.array(given.kw) > NIGHT_SHARE * roof.peak_kw))
    return int(found[0]) if len(found) else None


def _lit_until(given: Forecast, clear: Numbers, zone: ZoneInfo, *, least_kwh: float) -> int:
    """Return how many slots there are before the first local day whose light gives nothing."""
    hours, kw = np.array([slot.hours for slot in given.slots]), np.array(given.kw)
    for _, places in groupby(range(len(given.slots)), key=lambda n: given.slots[n].start.astimezone(zone).date()):
        day = list(places)
        if kw[day].max() < NOTHING_KW and float(clear[day] @ hours[day]) >= least_kwh:
            return day[0]
    return len(given.slots)
