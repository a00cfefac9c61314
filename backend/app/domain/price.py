"""Prices with where they came from. A missing price is missing, never 0."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite

import numpy as np

from app.domain.errors import InvalidInputError
from app.domain.slot import Slot


class Provenance(StrEnum):
    """Where a number came from."""

    PUBLISHED = "published"
    SIMULATED = "simulated"
    """Told by a made-up tariff: planned on like a published price, never called one."""
    ESTIMATED = "estimated"
    MEASURED = "measured"
    FORECAST = "forecast"
    MISSING = "missing"

    @property
    def is_told(self) -> bool:
        """Whether a tariff, real or made up, told it: a price that holds, no estimate of ours."""
        return self in {Provenance.PUBLISHED, Provenance.SIMULATED}


def weakest(provenances: Iterable[Provenance]) -> Provenance:
    """Return what can be said of prices taken together: as little as of the least certain among them."""
    return max(provenances, key=CERTAIN_FIRST.index)


CERTAIN_FIRST = (
    Provenance.PUBLISHED,
    Provenance.MEASURED,
    Provenance.SIMULATED,
    Provenance.FORECAST,
    Provenance.ESTIMATED,
    Provenance.MISSING,
)


class Direction(StrEnum):
    """Which way the energy crosses the meter."""

    IMPORT = "import"
    EXPORT = "export"


class PriceClass(StrEnum):
    """How a slot's import price compares with the known horizon."""

    NEGATIVE = "negative"
    CHEAP = "cheap"
    NORMAL = "normal"
    EXPENSIVE = "expensive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one kWh costs (import) or earns (export) in a slot, taxes included."""

    slot: Slot
    direction: Direction
    per_kwh: float
    provenance: Provenance = Provenance.PUBLISHED
    source: str
    currency: str | None = None
    """The code of the currency it is told in; None for one stored before prices said so: the house's."""

    def __post_init__(self) -> None:
        if not isfinite(self.per_kwh):
            raise InvalidInputError(f"the {self.direction} price of {self.slot.start} is {self.per_kwh}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRange:
    """Between what an estimated price lies four times in five."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedSlot:
    """Both prices of one planning slot; the provenance is the weaker of the two. Only an estimate has a range."""

    slot: Slot
    import_per_kwh: float
    export_per_kwh: float
    provenance: Provenance
    price_class: PriceClass
    import_range: PriceRange | None = None
    export_range: PriceRange | None = None


def price_at(per_kwh: Sequence[float], hours: Sequence[float], *shares: float) -> list[float]:
    """Return the prices below which so large shares of the time lie (0.5: half of it), however the time is cut into slots."""
    minutes = np.maximum(1, np.round(60 * np.asarray(hours)).astype(int))
    return [float(price) for price in np.quantile(np.repeat(np.asarray(per_kwh), minutes), shares)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRefresh:
    """What one refresh brought: prices stored, the span they cover and the slots of the published day still missing."""

    source: str
    stored: int
    first: datetime | None
    last: datetime | None
    missing: tuple[Slot, ...]
    error: str | None = None
