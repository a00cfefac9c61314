"""Made-up prices of Agile's shape, to play with before any account exists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.domain.money import currency
from app.domain.price import Direction, Price
from app.services.simulated.agile import SimulatedAgile
from app.services.tariffs.source import OneWay, PriceSource, Tools


class Simulated(PriceSource):
    """Made-up prices of Agile's shape, to play with."""

    source: Literal["simulated"] = "simulated"

    def open(self, direction: Direction, tools: Tools) -> OneWay:
        """Return the prices of a direction."""
        return SimulatedPrices(agile=SimulatedAgile(clock=tools.clock, money=currency(tools.currency)), direction=direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPrices:
    """One direction of the made-up tariff."""

    agile: SimulatedAgile
    direction: Direction

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        return self.agile.name

    @property
    def told_as(self) -> str:
        """What its prices name as their source."""
        return self.name

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), oldest first."""
        return [price for price in self.agile.prices(start, end) if price.direction is self.direction]

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which prices are out."""
        return self.agile.published_until(now)
