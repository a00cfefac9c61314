"""Refresh: fetch what the tariff has published and keep it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.errors import UnavailableError
from app.domain.price import Direction, Price, PriceRefresh
from app.domain.site import SiteId
from app.domain.slot import Slot, slots_between
from app.pricing.timeline import missing
from app.usecases import ports
from app.usecases.home import Homes

BEHIND, AHEAD = timedelta(days=8), timedelta(hours=54)
"""Eight days back so that estimates can look at a week, and past everything a day-ahead tariff can have published."""

COVERED = timedelta(hours=53)
"""Answers that houses share may end some minutes before what this one asks for."""
LONGEST_PRICE = timedelta(days=1)
FAR = timedelta(days=400)
"""Whatever was stored ahead."""


@dataclass(slots=True)
class Refresh:
    """Fetches a site's prices; on failure the last good ones stay."""

    homes: Homes
    prices: ports.Prices
    last: dict[SiteId, PriceRefresh] = field(default_factory=dict)

    def run(self, site: SiteId, now: datetime) -> PriceRefresh:
        """Fetch and store; return what came, and which slots of the published day are still missing.

        What the source no longer tells of the slots that are not over is withdrawn: the past stays as it was paid.

        Raises:
            ForeignMoneyError: the source tells its prices in another currency than the house counts in.
            UnavailableError: the source or the store did not answer usefully, or a direction has no price: what is known stays.
        """
        source, fetched, stored = self.homes[site].source, list[Price](), 0
        try:
            self.forget_former(site, now)
            fetched = source.prices(self._since(site, now), now + AHEAD)
            stored = self.prices.save(site, fetched, now)
            self._withdraw(site, now, _untold(fetched, now))
            _must_tell_both(source, fetched, now)
        except UnavailableError as error:
            self.last[site] = _told(source, fetched, stored, missing=(), error=str(error))
            raise
        self.last[site] = _told(source, fetched, stored, missing=missing(fetched, _due(source, fetched, now)))
        return self.last[site]

    def forget_former(self, site: SiteId, now: datetime) -> None:
        """Withdraw what a tariff told that the house has no longer, for slots that are not over.

        Raises:
            UnavailableError: the store did not answer.
        """
        source = self.homes[site].source
        self._withdraw(site, now, lambda price: source.told_by(price.direction, price.slot.start) not in {None, price.source})

    def _withdraw(self, site: SiteId, now: datetime, is_gone: Callable[[Price], bool]) -> None:
        known = self.prices.between(site, now - LONGEST_PRICE, now + FAR)
        self.prices.withdraw(site, [price for price in known if price.slot.end > now and price.provenance.is_told and is_gone(price)], now)

    def _since(self, site: SiteId, now: datetime) -> datetime:
        """Look a day behind the last fetch, so that no silence leaves a hole; at most a week back, as the first time."""
        last = self.prices.last_fetched(site)
        return now - BEHIND if last is None else max(now - BEHIND, last - timedelta(days=1))


def _told(
    source: ports.PriceSource, fetched: list[Price], stored: int, *, missing: tuple[Slot, ...], error: str | None = None
) -> PriceRefresh:
    return PriceRefresh(
        source=source.name,
        stored=stored,
        first=min((price.slot.start for price in fetched), default=None),
        last=max((price.slot.end for price in fetched), default=None),
        missing=missing,
        error=error,
    )


def _ahead(prices: Iterable[Price], now: datetime) -> set[Direction]:
    """Return the directions that have a price of a slot which is not over."""
    return {price.direction for price in prices if price.slot.end > now}


def _must_tell_both(source: ports.PriceSource, fetched: list[Price], now: datetime) -> None:
    """Raise where nothing is said of a direction, or nothing of what is ahead although the other one goes on: an empty answer is none."""
    told = _ahead(fetched, now) or {price.direction for price in fetched}
    if silent := [direction for direction in Direction if direction not in told]:
        each = " and ".join(f"{source.told_by(direction, now) or source.name} tells no {direction} price" for direction in silent)
        raise UnavailableError(f"{each} for now or later: compare the tariff in the document with the bill")


def _untold(fetched: list[Price], now: datetime) -> Callable[[Price], bool]:
    """Return what tells whether a price is missing in an answer that covers its slot and says something of what is ahead."""
    told, answered = {(price.direction, price.slot.start) for price in fetched}, _ahead(fetched, now)
    return lambda price: price.slot.end <= now + COVERED and price.direction in answered and (price.direction, price.slot.start) not in told


def _due(source: ports.PriceSource, fetched: list[Price], now: datetime) -> tuple[Slot, ...]:
    """Return the slots that should have been published by now."""
    imports = [price for price in fetched if price.direction is Direction.IMPORT]
    minutes = min((round(price.slot.hours * 60) for price in imports), default=30)
    return slots_between(now, min(source.published_until(now), now + AHEAD), minutes=minutes)
