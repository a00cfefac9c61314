"""What every price source is: options in the document that open to prices of one direction."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

import httpx

from app.document.tariff import PriceOptions
from app.domain.price import Direction, Price


class OneWay(Protocol):
    """Prices of one direction."""

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        ...

    @property
    def told_as(self) -> str:
        """What its prices name as their `source`."""
        ...

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), oldest first; unpublished slots are absent.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        ...

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which this source should have published by now, its lateness allowed for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a source may need of the house it is opened for."""

    http: Callable[[str], httpx.Client]
    """Gives a client for a base URL."""
    secret: Callable[[str], str | None]
    """Gives a secret of the house by its name."""
    clock: Callable[[], datetime]
    currency: str


class PriceSource(PriceOptions):
    """A kind of price source."""

    shared: ClassVar[bool] = False
    """Whether houses with the same options may share one answer."""

    @abstractmethod
    def open(self, direction: Direction, tools: Tools) -> OneWay:
        """Return the prices of a direction.

        Raises:
            InvalidInputError: the options make no sense.
        """
