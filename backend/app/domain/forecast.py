"""What is expected: one mean power per slot."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected mean power of each slot in kW, oldest first, and where it came from."""

    kind: ForecastKind
    slots: tuple[Slot, ...]
    kw: tuple[float, ...]
    source: str
    issued_at: datetime

    def __post_init__(self) -> None:
        if len(self.slots) != len(self.kw):
            raise InvalidInputError(f"the {self.kind} forecast has {len(self.kw)} values for {len(self.slots)} slots")
        if not all(map(isfinite, self.kw)):
            raise InvalidInputError(f"the {self.kind} forecast has a hole: missing is not 0")
