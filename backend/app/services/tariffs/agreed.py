"""The prices of a house by its agreements: each slot from the one that holds when it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter

from app.document.tariff import Agreement, PriceOptions, Tariff
from app.domain.errors import InvalidSiteError
from app.domain.price import Direction, Price
from app.services.tariffs.fixed import Fixed
from app.services.tariffs.shared import SharedAnswers
from app.services.tariffs.source import OneWay, PriceSource, Tools

FOR_EVER = datetime.max.replace(tzinfo=UTC)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NO_AGREEMENT = "no agreement"
NOBODY_PAYS = Fixed(per_kwh=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One direction of one agreement."""

    agreement: Agreement
    direction: Direction
    options: PriceOptions
    source: OneWay

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published while the agreement holds, as the house pays it."""
        first, last = max(start, self.agreement.from_ or LONG_AGO), min(end, self.agreement.to or FOR_EVER)
        if first >= last:
            return []
        found = [price for price in self.source.prices(first, last) if self.agreement.holds(price.slot.start)]
        retail = self.options.retail
        return found if retail is None else [replace(price, per_kwh=retail.price(price.per_kwh)) for price in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedPrices:
    """Both directions over every agreement."""

    legs: Sequence[Leg]

    @property
    def name(self) -> str:
        """What it is called in messages: the sources that hold last."""
        return " and ".join(dict.fromkeys(leg.source.name for leg in self.legs[-2:] if leg.options != NOBODY_PAYS))

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), both directions, oldest first; unpublished slots are absent.

        Raises:
            UnavailableError: a source did not answer usefully.
        """
        return sorted((price for leg in self.legs for price in leg.prices(start, end)), key=attrgetter("slot"))

    def told_by(self, direction: Direction, at: datetime) -> str:
        """Return what prices of an instant name as their source: that of the agreement which holds then."""
        held = (leg.source.told_as for leg in self.legs if leg.direction is direction and leg.agreement.holds(at))
        return next(held, NO_AGREEMENT)

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which every source that holds now should have published."""
        held = [leg for leg in self.legs if leg.agreement.holds(now)]
        return min((leg.source.published_until(now) for leg in held), default=now)


def agreed(tariff: Tariff, tools: Tools, shared: SharedAnswers) -> AgreedPrices:
    """Return the prices of a tariff; what other houses ask, too, is fetched once.

    Raises:
        InvalidSiteError: a source's options make no sense.
    """
    legs: list[Leg] = []
    for agreement in tariff.agreements:
        for direction, options in ((Direction.IMPORT, agreement.buying), (Direction.EXPORT, agreement.selling or NOBODY_PAYS)):
            if not isinstance(options, PriceSource):
                raise InvalidSiteError(f"{options.source} cannot be opened")
            legs.append(Leg(agreement=agreement, direction=direction, options=options, source=shared.of(options, direction, tools)))
    return AgreedPrices(legs=legs)
