"""A house's prices: in its own currency and nothing else, so that no penny is ever taken for an öre."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.errors import ForeignMoneyError, InvalidInputError
from app.domain.money import Currency
from app.domain.price import Direction, Price
from app.domain.site import Site, SiteId
from app.usecases import ports


@dataclass(frozen=True, slots=True)
class HousePrices:
    """The price history as its house reads it.

    What was stored before prices told their currency is in the house's; what is in another, from before the house changed its own, is left
    out: it is no price here.
    """

    prices: ports.Prices
    sites: Mapping[SiteId, Site]

    def save(self, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
        """Store prices; return how many were new or changed.

        Raises:
            ForeignMoneyError: one is told in another currency, or is none in this one; nothing is stored.
        """
        refuse_foreign(self.sites[site].money, prices)
        return self.prices.save(site, prices, fetched_at)

    def withdraw(self, site: SiteId, gone: Sequence[Price], at: datetime) -> int:
        """Take prices back that nobody tells any more, but for slots that are over; return how many went."""
        return self.prices.withdraw(site, gone, at)

    def between(self, site: SiteId, start: datetime, end: datetime, direction: Direction | None = None) -> list[Price]:
        """Return the prices in the house's currency whose slot starts in [start, end), oldest first."""
        code = self.sites[site].currency
        found = self.prices.between(site, start, end, direction)
        known = (replace(each, currency=code) if each.currency is None else each for each in found)
        return [each for each in known if each.currency == code]

    def last_fetched(self, site: SiteId) -> datetime | None:
        """Return when prices were stored last; another instant after each time."""
        return self.prices.last_fetched(site)


def refuse_foreign(money: Currency, prices: Sequence[Price]) -> None:
    """Refuse prices that a house counting in this money cannot use.

    Raises:
        ForeignMoneyError: says what to set.
    """
    for price in prices:
        _must_be_of(money, price)


def _must_be_of(money: Currency, price: Price) -> None:
    if price.currency not in {None, money.code}:
        raise ForeignMoneyError(
            f"{price.source} tells its prices in {price.currency}, this house counts in {money.code}: "
            f"set its currency to {price.currency}, or another tariff"
        )
    try:
        money.must_be_plausible(price.per_kwh, f"{price.source}: the {price.direction} price of {price.slot.start:%Y-%m-%d %H:%M} UTC")
    except InvalidInputError as error:
        raise ForeignMoneyError(str(error)) from error
