"""Measurements with age and quality."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import isfinite

from app.domain.errors import InvalidInputError
from app.domain.slot import Slot


class Quantity(StrEnum):
    """What is measured; the unit ends the name. Importing and charging are positive."""

    SOC_PCT = "soc_pct"
    SOLAR_KW = "solar_kw"
    LOAD_KW = "load_kw"
    GRID_KW = "grid_kw"
    BATTERY_KW = "battery_kw"
    BATTERY_VOLTAGE_V = "battery_voltage_v"


PLAUSIBLE: dict[Quantity, tuple[float, float]] = {
    Quantity.SOC_PCT: (0.0, 100.0),
    Quantity.SOLAR_KW: (-0.2, 1000.0),
    Quantity.LOAD_KW: (-0.2, 1000.0),
    Quantity.GRID_KW: (-1000.0, 1000.0),
    Quantity.BATTERY_KW: (-1000.0, 1000.0),
    Quantity.BATTERY_VOLTAGE_V: (10.0, 1500.0),
}
"""What can be true of one house. Solar and load may dip a little below 0 by a meter's offset; 255 % never is a state of charge."""


class Quality(StrEnum):
    """Whether a value may be used."""

    GOOD = "good"
    SUSPECT = "suspect"
    """A number, but not one this quantity can have."""
    MISSING = "missing"
    """The source had no number: `unknown`, `unavailable`, empty, NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured value of one device at one instant."""

    device: str
    quantity: Quantity
    at: datetime
    value: float | None
    quality: Quality
    source: str

    def __post_init__(self) -> None:
        if (self.value is None) != (self.quality is Quality.MISSING):
            raise InvalidInputError(f"{self.device} {self.quantity}: a value is missing exactly when its quality says so")

    def age_s(self, now: datetime) -> float:
        """Seconds since it was measured."""
        return (now - self.at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """The energy of a power over one past interval, in kWh, as a meter or a statistic tells it."""

    quantity: Quantity
    slot: Slot
    kwh: float
    by_meter: bool = False
    """Whether it is what came in through the grid's meter: the load only of a house without an array."""
    where: str = field(default="", compare=False)
    """Where it is told, for people: a file's line."""

    @property
    def kw(self) -> float:
        """The mean power."""
        return self.kwh / self.slot.hours


def reading(*, device: str, quantity: Quantity, at: datetime, value: float | None, source: str) -> Reading:
    """Return a reading whose quality is judged here: no number is missing, an impossible number is suspect."""
    number = value if value is not None and isfinite(value) else None
    low, high = PLAUSIBLE[quantity]
    quality = Quality.MISSING if number is None else Quality.GOOD if low <= number <= high else Quality.SUSPECT
    return Reading(device=device, quantity=quantity, at=at, value=number, quality=quality, source=source)
