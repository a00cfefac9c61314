"""From irradiance and air temperature to the AC power of a roof in kW, in the simple form of PVWatts."""

from collections.abc import Sequence

import numpy as np

from app.domain.roof import Plane, Roof
from app.forecasting.irradiance import tilted
from app.forecasting.sun import Numbers, clear_ghi, sun

CELL_DEGREES_PER_W_M2 = 0.03
"""How much warmer than the air a cell on a roof gets: 24 degrees at 800 W/m²."""
STANDARD_W_M2 = 1000.0
STANDARD_C = 25.0
MILD_C = 15.0
"""The air when nobody says."""


def plane_kw(roof: Roof, plane: Plane, w_m2: Numbers, air_c: Numbers | float = MILD_C) -> Numbers:
    """Return what one plane gives behind its losses, before the inverter's limit."""
    light = np.maximum(w_m2, 0)
    cell_c = air_c + CELL_DEGREES_PER_W_M2 * light
    warmth = np.maximum(1 + roof.per_degree * (cell_c - STANDARD_C), 0)
    power: Numbers = plane.kwp * light / STANDARD_W_M2 * warmth * (1 - roof.loss)
    return power


def ac_kw(roof: Roof, w_m2: Sequence[Numbers], air_c: Numbers | float = MILD_C) -> Numbers:
    """Return the roof's power from the irradiance on each of its planes."""
    power: Numbers = np.sum([plane_kw(roof, plane, light, air_c) for plane, light in zip(roof.planes, w_m2, strict=True)], axis=0)
    return inverted(roof, power)


def inverted(roof: Roof, kw: Numbers) -> Numbers:
    """Return what of a power gets through the array's own inverter, if it has one."""
    return kw if roof.inverter_kw is None else np.minimum(kw, roof.inverter_kw)


def from_ghi(roof: Roof, at_s: Numbers, ghi: Numbers, air_c: Numbers | float = MILD_C) -> Numbers:
    """Return the roof's power from the irradiance on level ground at some instants."""
    position = sun(at_s, latitude=roof.latitude, longitude=roof.longitude)
    return ac_kw(roof, [tilted(plane, position, ghi) for plane in roof.planes], air_c)


def clear_kw(roof: Roof, at_s: Numbers) -> Numbers:
    """Return what the roof would give under a clear sky on a mild day: the yardstick of clearness."""
    return from_ghi(roof, at_s, clear_ghi(sun(at_s, latitude=roof.latitude, longitude=roof.longitude)))
