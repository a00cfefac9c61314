"""What the simulated household draws and its roof makes at any instant: decided by the instant alone.

The household: about 13 kWh a day. It sleeps on a fridge and standby, has breakfast, works elsewhere on weekdays and stays
in at weekends, cooks in the evening, sets a kettle and an oven going at odd times, and uses a third more in winter.
"""

from datetime import datetime
from math import asin, cos, pi, radians, sin
from zoneinfo import ZoneInfo

from app.domain.slot import floor
from app.services.simulated.dice import dice

STEP_MINUTES = 5
"""Everything stays the same for this long."""
STEP_S = STEP_MINUTES * 60
SATURDAY = 5
LATITUDE = radians(51.5)
NOON_H = 12.0
WEEKDAY_KW = (
    *(0.22, 0.20, 0.19, 0.19, 0.19, 0.22, 0.38, 0.70),
    *(0.62, 0.36, 0.30, 0.30, 0.34, 0.32, 0.30, 0.36),
    *(0.55, 0.85, 1.00, 0.90, 0.75, 0.62, 0.46, 0.30),
)
"""Mean draw in kW by local hour."""
WEEKEND_KW = (
    *(0.25, 0.22, 0.20, 0.19, 0.19, 0.20, 0.26, 0.42),
    *(0.66, 0.78, 0.66, 0.60, 0.74, 0.70, 0.55, 0.52),
    *(0.62, 0.82, 0.92, 0.84, 0.72, 0.60, 0.48, 0.34),
)
KETTLE_KW = 2.4
OVEN_KW = 1.6
OVEN_HOURS = range(17, 20)
OVEN_EVENINGS = 0.6


def load_kw(at: datetime, zone: ZoneInfo) -> float:
    """Return what the household draws in kW, never nothing."""
    step, local = at.timestamp() // STEP_S, at.astimezone(zone)
    weekend = local.weekday() >= SATURDAY
    usual = (WEEKEND_KW if weekend else WEEKDAY_KW)[local.hour]
    winter = 1 + 0.17 * cos(2 * pi * (local.timetuple().tm_yday - 15) / 365)
    wobble = 0.8 + 0.4 * dice("load", step)
    return usual * winter * wobble + _spikes_kw(step, local, usual)


def solar_kw(at: datetime, peak_kw: float) -> float:
    """Return what a roof of that peak power makes in kW: a clear sky at 51.5° north, dimmed by the clouds of day and hour."""
    step = floor(at, minutes=STEP_MINUTES)
    height = max(0.0, sin_sun_height(step))
    clear = peak_kw * 0.85 * float(height**1.15)
    return clear * clearness(step)


def sin_sun_height(at: datetime) -> float:
    """Return the sine of the sun's height over the horizon on the Greenwich meridian; negative at night."""
    tilt = asin(0.39795 * cos(2 * pi * (at.timetuple().tm_yday - 172) / 365.25))
    angle = (at.timestamp() % 86400 / 3600 - NOON_H) * pi / 12
    return sin(LATITUDE) * sin(tilt) + cos(LATITUDE) * cos(tilt) * cos(angle)


def clearness(at: datetime) -> float:
    """Return the share of a clear sky's power that the clouds let through, 0.08 to 1."""
    seconds = at.timestamp()
    day, hour, step = dice("sky", seconds // 86400), dice("clouds", seconds // 3600), dice("cloud", seconds // STEP_S)
    restless = 4 * day * (1 - day)  # clear and overcast days are steady, mixed ones flicker
    return min(1.0, max(0.08, 0.15 + 0.85 * day + restless * (0.35 * (hour - 0.5) + 0.25 * (step - 0.5))))


def _spikes_kw(step: float, local: datetime, usual: float) -> float:
    """Return the kettle, likelier when the house is busy, and the oven on most evenings."""
    kettle = KETTLE_KW if dice("kettle", step) < 0.05 * usual else 0.0
    cooks = dice("oven", local.date()) < OVEN_EVENINGS and local.hour == OVEN_HOURS[int(3 * dice("dinner", local.date()))]
    return kettle + (OVEN_KW * (0.5 + 0.5 * dice("thermostat", step)) if cooks else 0.0)
