"""What is expected: one mean power per slot, and between which powers it will lie four times out of five."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite

from app.domain.errors import InvalidInputError
from app.domain.slot import Slot


class ForecastKind(StrEnum):
    """What is forecast."""

    LOAD = "load"
    SOLAR = "solar"
    SOLAR_AS_GIVEN = "solar_as_given"
    """What a weather or solar service said, before it was calibrated on the house's own output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected mean power of each slot in kW, oldest first, and where it came from."""

    kind: ForecastKind
    slots: tuple[Slot, ...]
    kw: tuple[float, ...]
    source: str
    issued_at: datetime
    low_kw: tuple[float, ...] | None = None
    """What one slot in ten stays below; None where nobody knows. Slots are correlated: sums of it are far too low for a day."""
    high_kw: tuple[float, ...] | None = None
    """What one slot in ten exceeds."""

    def __post_init__(self) -> None:
        if (self.low_kw is None) != (self.high_kw is None):
            raise InvalidInputError(f"the {self.kind} forecast has half a spread")
        for values in filter(None, (self.kw, self.low_kw, self.high_kw)):
            if len(self.slots) != len(values):
                raise InvalidInputError(f"the {self.kind} forecast has {len(values)} values for {len(self.slots)} slots")
            if not all(map(isfinite, values)):
                raise InvalidInputError(f"the {self.kind} forecast has a hole: missing is not 0")
        if self.low_kw is not None and self.high_kw is not None:
            ordered = zip(self.low_kw, self.kw, self.high_kw, strict=True)
            if not all(low <= kw <= high for low, kw, high in ordered):
                raise InvalidInputError(f"the {self.kind} forecast lies outside its own spread")
