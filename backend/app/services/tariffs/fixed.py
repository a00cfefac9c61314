"""One price at all times, in the currency of the house."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from app.domain.price import Direction, Price
from app.domain.slot import slots_between
from app.services.tariffs.source import OneWay, PriceSource, Tools

SLOT_MINUTES = 30
KNOWN_AHEAD = timedelta(days=2)
"""It stands until changed; no plan looks further."""


class Fixed(PriceSource):
    """One price at all times; 0 says nobody pays."""

    source: Literal["fixed"] = "fixed"
    per_kwh: float = Field(description="In the currency of the place.")

    def open(self, direction: Direction, tools: Tools) -> OneWay:
        """Return the same price for every half-hour."""
        return FixedPrice(direction=direction, per_kwh=self.per_kwh, currency=tools.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """The same price for every half-hour."""

    direction: Direction
    per_kwh: float
    currency: str

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        if self.direction is Direction.IMPORT:
            return f"fixed price of {self.per_kwh} {self.currency} per kWh"
        return f"fixed export payment of {self.per_kwh} {self.currency} per kWh" if self.per_kwh else "no export payment"

    @property
    def told_as(self) -> str:
        """What its prices name as their source."""
        return self.name

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return every half-hour of [start, end)."""
        slots = slots_between(start, end, minutes=SLOT_MINUTES)
        return [
            Price(slot=slot, direction=self.direction, per_kwh=self.per_kwh, source=self.told_as, currency=self.currency) for slot in slots
        ]

    def published_until(self, now: datetime) -> datetime:
        """Return how far a plan may look."""
        return now + KNOWN_AHEAD
