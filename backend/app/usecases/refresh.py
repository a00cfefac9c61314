"""Refresh: fetch what the tariff has published and keep it."""

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


@dataclass(slots=True)
class Refresh:
    """Fetches a site's prices; on failure the last good ones stay."""

    homes: Homes
    prices: ports.Prices
    last: dict[SiteId, PriceRefresh] = field(default_factory=dict)

    def run(self, site: SiteId, now: datetime) -> PriceRefresh:
        """Fetch and store; return what came, and which slots of the published day are still missing.

        Raises:
            ForeignMoneyError: the source tells its prices in another currency than the house counts in.
            UnavailableError: the source or the store did not answer usefully; nothing stored was touched.
        """
        source = self.homes[site].source
        try:
            fetched = source.prices(self._since(site, now), now + AHEAD)
            stored = self.prices.save(site, fetched, now)
        except UnavailableError as error:
            self.last[site] = PriceRefresh(source=source.name, stored=0, first=None, last=None, missing=(), error=str(error))
            raise
        self.last[site] = PriceRefresh(
            source=source.name,
            stored=stored,
            first=min((price.slot.start for price in fetched), default=None),
            last=max((price.slot.end for price in fetched), default=None),
            missing=missing(fetched, _due(source, fetched, now)),
        )
        return self.last[site]

    def _since(self, site: SiteId, now: datetime) -> datetime:
        """Look a day behind the last fetch, so that no silence leaves a hole; at most a week back, as the first time."""
        last = self.prices.last_fetched(site)
        return now - BEHIND if last is None else max(now - BEHIND, last - timedelta(days=1))


def _due(source: ports.PriceSource, fetched: list[Price], now: datetime) -> tuple[Slot, ...]:
    """Return the slots that should have been published by now."""
    imports = [price for price in fetched if price.direction is Direction.IMPORT]
    minutes = min((round(price.slot.hours * 60) for price in imports), default=30)
    return slots_between(now, min(source.published_until(now), now + AHEAD), minutes=minutes)
