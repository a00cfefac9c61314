"""From the text of a Home Assistant state to a number in our unit; never by assuming the unit."""

from math import isfinite

from app.domain.reading import Quantity

PER_UNIT: dict[str, dict[str, float]] = {
    "kw": {"W": 1000.0, "kW": 1.0, "MW": 0.001},
    "kwh": {"Wh": 1000.0, "kWh": 1.0, "MWh": 0.001},
    "pct": {"%": 1.0},
    "v": {"mV": 1000.0, "V": 1.0, "kV": 0.001},
}
"""How many of a unit make one of ours, by the ending of a quantity's name. Case matters: mW is not MW."""


def number(state: str) -> float | None:
    """Return the number a state shows; None for `unknown`, `unavailable`, nothing, NaN and any other text."""
    try:
        value = float(state)
    except ValueError:
        return None
    return value if isfinite(value) else None


def in_unit_of(quantity: Quantity, value: float, unit: str | None) -> float | None:
    """Return a value in the quantity's own unit; None where the unit is missing or measures something else."""
    per_unit = PER_UNIT[quantity.rpartition("_")[2]].get(unit or "")
    return None if per_unit is None else value / per_unit
