"""From the irradiance on level ground to that on a tilted plane. W/m² throughout."""

from math import cos, radians, sin

import numpy as np

from app.domain.roof import Plane
from app.forecasting.sun import Numbers, Sun

ALBEDO = 0.2
"""What grass, soil and roofs send back."""
LOWEST_COS = 0.065
"""The sun's cosine of zenith at 3.7°: lower, dividing by it makes beams of nothing."""


def tilted(plane: Plane, position: Sun, ghi: Numbers) -> Numbers:
    """Return the irradiance on a plane, the diffuse part by Erbs (1982) and the sky by Hay and Davies (1980)."""
    height = np.maximum(position.cos_zenith, LOWEST_COS)
    diffuse = ghi * _diffuse_share(np.clip(ghi / (position.extra_w_m2 * height), 0, 1))
    beam = np.where(position.cos_zenith > LOWEST_COS, (ghi - diffuse) / height, 0.0)
    facing = np.maximum(cos_incidence(plane, position), 0)
    clear = np.clip(beam / position.extra_w_m2, 0, 1)
    level = cos(radians(plane.tilt_deg))
    sky = diffuse * (clear * facing / height + (1 - clear) * (1 + level) / 2)
    ground = ghi * ALBEDO * (1 - level) / 2
    return np.where(position.cos_zenith > 0, np.maximum(beam * facing + sky + ground, 0), 0.0)


def cos_incidence(plane: Plane, position: Sun) -> Numbers:
    """Return the cosine of the angle between the sun and the plane's normal; negative behind it."""
    tilt, turn = radians(plane.tilt_deg), position.azimuth - radians(plane.azimuth_deg)
    return position.cos_zenith * cos(tilt) + np.cos(position.elevation) * sin(tilt) * np.cos(turn)


def _diffuse_share(clearness: Numbers) -> Numbers:
    """Return the share of light that comes from the whole sky."""
    k = clearness
    cloudy = 1 - 0.09 * k
    mixed = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.where(k <= 0.22, cloudy, np.where(k <= 0.8, mixed, 0.165))  # noqa: PLR2004  Erbs' own borders
