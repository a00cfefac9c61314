"""One line of prices from now to the horizon: published where known, estimated beyond and marked so."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.price import Direction, Price, PricedSlot, Provenance
from app.domain.slot import Slot
from app.pricing.classify import classify

LOOK_BACK_DAYS = 7
"""How far back an estimate may look for the same time of day; older prices say little about the level."""

LONGEST_STEP_MINUTES = 60
"""A price that holds for days is looked up by the hour, like any other."""


def timeline(prices: Sequence[Price], slots: Sequence[Slot], *, zone: ZoneInfo) -> tuple[PricedSlot, ...]:
    """Return both prices of each slot, up to the first slot that has neither a published price nor an estimate.

    An estimate is the published price of the same local time on the latest earlier day. Never 0 for an unknown price.
    """
    book = _Book(prices, zone)
    found: list[tuple[Slot, tuple[float, Provenance], tuple[float, Provenance]]] = []
    for slot in slots:
        bought, sold = book.at(slot.start, Direction.IMPORT), book.at(slot.start, Direction.EXPORT)
        if bought is None or sold is None:
            break
        found.append((slot, bought, sold))
    classes = classify([bought[0] for _, bought, _ in found])
    return tuple(
        PricedSlot(
            slot=slot,
            import_per_kwh=bought[0],
            export_per_kwh=sold[0],
            provenance=_weaker(bought[1], sold[1]),
            price_class=price_class,
        )
        for (slot, bought, sold), price_class in zip(found, classes, strict=True)
    )


def missing(prices: Sequence[Price], slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return the slots for which no import price was published."""
    book = _Book(prices, None)
    return tuple(slot for slot in slots if book.published(slot.start, Direction.IMPORT) is None)


class _Book:
    """Prices by direction and instant; a price holds for every instant of its slot."""

    def __init__(self, prices: Sequence[Price], zone: ZoneInfo | None) -> None:
        self.zone = zone
        self.minutes = min((LONGEST_STEP_MINUTES, *(round(price.slot.hours * 60) for price in prices)))
        self.known: dict[tuple[Direction, datetime], float] = {}
        for price in prices:
            if price.provenance is Provenance.PUBLISHED:
                instant = price.slot.start
                while instant < price.slot.end:
                    self.known[price.direction, instant] = price.per_kwh
                    instant += timedelta(minutes=self.minutes)

    def published(self, instant: datetime, direction: Direction) -> float | None:
        floor = instant - timedelta(minutes=instant.minute % self.minutes)
        return self.known.get((direction, floor))

    def at(self, instant: datetime, direction: Direction) -> tuple[float, Provenance] | None:
        known = self.published(instant, direction)
        return (known, Provenance.PUBLISHED) if known is not None else self._estimate(instant, direction)

    def _estimate(self, instant: datetime, direction: Direction) -> tuple[float, Provenance] | None:
        local = instant.astimezone(self.zone)
        for days in range(1, LOOK_BACK_DAYS + 1):
            earlier = (local - timedelta(days=days)).astimezone(instant.tzinfo)
            price = self.published(earlier, direction)
            if price is not None:
                return price, Provenance.ESTIMATED
        return None


def _weaker(one: Provenance, other: Provenance) -> Provenance:
    return Provenance.PUBLISHED if one is other is Provenance.PUBLISHED else Provenance.ESTIMATED
