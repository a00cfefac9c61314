"""One line of prices from now to the horizon: as told where known, estimated beyond and marked so."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from app.domain.money import Currency
from app.domain.price import Direction, Price, PricedSlot, weakest
from app.domain.slot import Slot
from app.pricing.classify import classify
from app.pricing.estimate import LOOK_BACK_DAYS, Quote, estimates

__all__ = ["LOOK_BACK_DAYS", "missing", "timeline"]

LONGEST_STEP_MINUTES = 60
"""A price that holds for days is looked up by the hour, like any other."""


def timeline(prices: Sequence[Price], slots: Sequence[Slot], *, zone: ZoneInfo, money: Currency) -> tuple[PricedSlot, ...]:
    """Return both prices of each slot, up to the first slot that has neither a price told by the tariff nor an estimate.

    Never 0 for an unknown price.
    """
    minutes = min((LONGEST_STEP_MINUTES, *(round(price.slot.hours * 60) for price in prices)))
    bought, sold = (_line(prices, slots, direction, zone=zone, minutes=minutes) for direction in (Direction.IMPORT, Direction.EXPORT))
    pairs = [(buy, sell) for buy, sell in takewhile(all, zip(bought, sold, strict=True)) if buy is not None and sell is not None]
    classes = classify([buy.per_kwh for buy, _ in pairs], [slot.hours for slot in slots[: len(pairs)]], money)
    return tuple(
        PricedSlot(
            slot=slot,
            import_per_kwh=buy.per_kwh,
            export_per_kwh=sell.per_kwh,
            provenance=weakest((buy.provenance, sell.provenance)),
            price_class=price_class,
            import_range=buy.range,
            export_range=sell.range,
        )
        for slot, (buy, sell), price_class in zip(slots[: len(pairs)], pairs, classes, strict=True)
    )


def missing(prices: Sequence[Price], slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return the slots for which no import price was told."""
    minutes = min((LONGEST_STEP_MINUTES, *(round(price.slot.hours * 60) for price in prices)))
    known = _told(prices, Direction.IMPORT, minutes)
    return tuple(slot for slot in slots if _floor(slot.start, minutes) not in known)


def _line(prices: Sequence[Price], slots: Sequence[Slot], direction: Direction, *, zone: ZoneInfo, minutes: int) -> list[Quote | None]:
    """Return the price of each slot, None where there is none."""
    known = _told(prices, direction, minutes)
    told = {slot.start: Quote(known[at].per_kwh, known[at].provenance) for slot in slots if (at := _floor(slot.start, minutes)) in known}
    unknown = [slot.start for slot in slots if slot.start not in told]
    past = {at: price.per_kwh for at, price in known.items()}
    guessed = dict(zip(unknown, estimates(past, unknown, zone=zone, minutes=minutes), strict=True))
    return [told.get(slot.start) or guessed[slot.start] for slot in slots]


def _told(prices: Sequence[Price], direction: Direction, minutes: int) -> dict[datetime, Price]:
    """Return what a tariff told by instant; a price holds for every instant of its slot."""
    known: dict[datetime, Price] = {}
    for price in prices:
        if price.provenance.is_told and price.direction is direction:
            instant = price.slot.start
            while instant < price.slot.end:
                known[instant] = price
                instant += timedelta(minutes=minutes)
    return known


def _floor(instant: datetime, minutes: int) -> datetime:
    return instant - timedelta(minutes=instant.minute % minutes, seconds=instant.second, microseconds=instant.microsecond)
