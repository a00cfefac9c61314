"""Where prices come from, and where they are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.price import Direction, Price
from app.domain.site import SiteId


class PriceSource(Protocol):
    """A tariff: Octopus, Nord Pool, a simulation."""

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        ...

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), both directions, oldest first, in a currency they name; unpublished slots are absent.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        ...

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which this source should have published by now, its lateness allowed for."""
        ...

    def told_by(self, direction: Direction, at: datetime) -> str | None:
        """Return what prices of an instant name as their source, as things stand; None where nobody can say."""
        ...


class Prices(Protocol):
    """The price history."""

    def save(self, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
        """Store prices, replacing those of the same slot, direction; return how many were new or changed."""
        ...

    def withdraw(self, site: SiteId, gone: Sequence[Price], at: datetime) -> int:
        """Take prices back that nobody tells any more, but for slots that are over; return how many went."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime, direction: Direction | None = None) -> list[Price]:
        """Return the prices whose slot starts in [start, end), oldest first."""
        ...

    def last_fetched(self, site: SiteId) -> datetime | None:
        """Return when prices were stored last; another instant after each time."""
        ...
