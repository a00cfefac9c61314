"""Where the sun stands and what it would give without clouds. Instants are seconds since the epoch."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.float64]

DAY_S = 86400.0
J2000_S = 946728000.0
"""2000-01-01 12:00 UTC, from which almanacs count days."""
SOLAR_CONSTANT = 1367.0
"""W/m² above the air at the mean distance of the sun."""


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun's place at some instants in radians: azimuth from north, clockwise."""

    elevation: Numbers
    azimuth: Numbers
    extra_w_m2: Numbers
    """Irradiance above the air, facing the sun."""

    @property
    def cos_zenith(self) -> Numbers:
        """1 overhead, 0 at the horizon, negative at night."""
        return np.sin(self.elevation)


def sun(at_s: Numbers, *, latitude: float, longitude: float) -> Sun:
    """Return where the sun stands, good to a twentieth of a degree (the Astronomical Almanac's short formulas, no refraction)."""
    days = (at_s - J2000_S) / DAY_S
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude_sun = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 4e-7 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude_sun), np.cos(longitude_sun))
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude_sun))
    sidereal = np.radians(280.46062 + 360.98564737 * days + longitude)
    hour_angle = (sidereal - right_ascension + pi) % (2 * pi) - pi
    north = np.radians(latitude)
    sine = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    azimuth = np.arctan2(-np.sin(hour_angle), np.tan(declination) * np.cos(north) - np.sin(north) * np.cos(hour_angle))
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    return Sun(np.arcsin(np.clip(sine, -1, 1)), azimuth % (2 * pi), SOLAR_CONSTANT / distance**2)


def clear_ghi(position: Sun) -> Numbers:
    """Return the irradiance on level ground under a clear sky in W/m² (Haurwitz 1945)."""
    height = np.maximum(position.cos_zenith, 1e-6)
    return np.where(position.cos_zenith > 0, 1098.0 * height * np.exp(-0.059 / height), 0.0)


def clouded_ghi(position: Sun, cloud_share: Numbers) -> Numbers:
    """Return the same under clouds that cover a share of the sky, 0 to 1 (Kasten and Czeplak 1980)."""
    return clear_ghi(position) * (1 - 0.75 * np.clip(cloud_share, 0, 1) ** 3.4)
