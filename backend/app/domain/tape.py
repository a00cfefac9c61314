"""A tape: what a house drew and made, and what energy cost, slot by slot. What a backtest plays back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import InvalidInputError
from app.domain.slot import Slot

type Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Slots of one length without gaps: prices in currency per kWh, mean powers in kW."""

    first: datetime
    minutes: int
    import_per_kwh: Array
    export_per_kwh: Array
    load_kw: Array
    solar_kw: Array

    def __post_init__(self) -> None:
        series = (self.import_per_kwh, self.export_per_kwh, self.load_kw, self.solar_kw)
        if len({len(each) for each in series}) != 1 or not len(self.load_kw):
            raise InvalidInputError("a tape needs prices, load and solar power for the same slots, at least one")
        if not all(np.isfinite(each).all() for each in series) or min(self.load_kw.min(), self.solar_kw.min()) < 0:
            raise InvalidInputError("a tape has a hole or a negative power")
        if 24 * 60 % self.minutes:
            raise InvalidInputError(f"a day does not divide into slots of {self.minutes} minutes")

    def __len__(self) -> int:
        return len(self.load_kw)

    @property
    def hours(self) -> float:
        """Length of a slot."""
        return self.minutes / 60

    @property
    def per_day(self) -> int:
        """Slots in 24 hours."""
        return 24 * 60 // self.minutes

    def start(self, n: int) -> datetime:
        """Return when slot n begins; it may lie beyond the end."""
        return self.first + n * timedelta(minutes=self.minutes)

    def slot(self, n: int) -> Slot:
        """Return slot n; it may lie beyond the end."""
        return Slot(self.start(n), self.start(n + 1))

    def place(self, instant: datetime) -> int:
        """Return how many slots begin before an instant, 0 to all."""
        return min(len(self), max(0, -((self.first - instant) // timedelta(minutes=self.minutes))))
