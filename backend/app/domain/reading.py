"""Measurements with age and quality."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


CLOCK_SKEW = timedelta(minutes=2)
"""A device's clock may run this much ahead; what is stamped later would hide every newer reading."""
OLDEST = timedelta(days=5 * 365)
"""No house was looked at for so long; a clock that was never set says 1970, 2000 or the day its software was made."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A reading that is not taken, and why, in a sentence."""

    reading: Reading
    why: str


def untimely(at: datetime, now: datetime, *, oldest: timedelta = OLDEST) -> str | None:
    """Return why nothing that was measured at an instant is taken; None where it is."""
    stamp = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    if at > now + CLOCK_SKEW:
        return f"a reading from the future ({stamp}); set the device's clock"
    if at < now - oldest:
        return f"a reading from before the house existed ({stamp}); set the device's clock"
    return None


def timely(readings: Sequence[Reading], now: datetime) -> tuple[list[Reading], list[Refused]]:
    """Return the readings that are taken, and those that are not."""
    refused = [
        Refused(reading=each, why=f"{each.device} {each.quantity}: {why}")
        for each in readings
        if (why := untimely(each.at, now)) is not None
    ]
    left_out = {id(each.reading) for each in refused}
    return [each for each in readings if id(each) not in left_out], refused


def reading(*, device: str, quantity: Quantity, at: datetime, value: float | None, source: str) -> Reading:
    """Return a reading whose quality is judged here: no number is missing, an impossible number is suspect."""
    number = value if value is not None and isfinite(value) else None
    low, high = PLAUSIBLE[quantity]
    quality = Quality.MISSING if number is None else Quality.GOOD if low <= number <= high else Quality.SUSPECT
    return Reading(device=device, quantity=quantity, at=at, value=number, quality=quality, source=source)
