"""One line of prices from now to the horizon: published where known, estimated beyond and marked so."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.price import Direction, Price, PricedSlot, Provenance
from app.domain.slot import Slot
from app.pricing.classify import classify
from app.pricing.estimate import LOOK_BACK_DAYS, estimates

__all__ = ["LOOK_BACK_DAYS", "missing", "timeline"]

LONGEST_STEP_MINUTES = 60
"""A price that holds for days is looked up by the hour, like any other."""


def timeline(prices: Sequence[Price], slots: Sequence[Slot], *, zone: ZoneInfo) -> tuple[PricedSlot, ...]:
    """Return both prices of each slot, up to the first slot that has neither a published price nor an estimate.

    Never 0 for an unknown price.
    """
    minutes = min((LONGEST_STEP_MINUTES, *(round(price.slot.hours * 60) for price in prices)))
    bought, sold = (_line(prices, slots, direction, zone=zone, minutes=minutes) for direction in (Direction.IMPORT, Direction.EXPORT))
    known = 0
    while known < len(slots) and bought[known] is not None and sold[known] is not None:
        known += 1
    pairs = [(buy, sell) for buy, sell in zip(bought[:known], sold[:known], strict=True) if buy is not None and sell is not None]
    classes = classify([buy[0] for buy, _ in pairs])
    return tuple(
        PricedSlot(slot=slot, import_per_kwh=buy[0], export_per_kwh=sell[0], provenance=_weaker(buy[1], sell[1]), price_class=price_class)
        for slot, (buy, sell), price_class in zip(slots[:known], pairs, classes, strict=True)
    )


def missing(prices: Sequence[Price], slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return the slots for which no import price was published."""
    minutes = min((LONGEST_STEP_MINUTES, *(round(price.slot.hours * 60) for price in prices)))
    known = _published(prices, Direction.IMPORT, minutes)
    return tuple(slot for slot in slots if _floor(slot.start, minutes) not in known)


def _line(
    prices: Sequence[Price], slots: Sequence[Slot], direction: Direction, *, zone: ZoneInfo, minutes: int
) -> list[tuple[float, Provenance] | None]:
    """Return the price of each slot with where it came from, None where there is none."""
    known = _published(prices, direction, minutes)
    unknown = [slot.start for slot in slots if _floor(slot.start, minutes) not in known]
    guessed = dict(zip(unknown, estimates(known, unknown, zone=zone, minutes=minutes), strict=True))
    line: list[tuple[float, Provenance] | None] = []
    for slot in slots:
        published, guess = known.get(_floor(slot.start, minutes)), guessed.get(slot.start)
        if published is not None:
            line.append((published, Provenance.PUBLISHED))
        else:
            line.append(None if guess is None else (guess, Provenance.ESTIMATED))
    return line


def _published(prices: Sequence[Price], direction: Direction, minutes: int) -> dict[datetime, float]:
    """Return published prices by instant; a price holds for every instant of its slot."""
    known: dict[datetime, float] = {}
    for price in prices:
        if price.provenance is Provenance.PUBLISHED and price.direction is direction:
            instant = price.slot.start
            while instant < price.slot.end:
                known[instant] = price.per_kwh
                instant += timedelta(minutes=minutes)
    return known


def _floor(instant: datetime, minutes: int) -> datetime:
    return instant - timedelta(minutes=instant.minute % minutes, seconds=instant.second, microseconds=instant.microsecond)


def _weaker(one: Provenance, other: Provenance) -> Provenance:
    return Provenance.PUBLISHED if one is other is Provenance.PUBLISHED else Provenance.ESTIMATED
