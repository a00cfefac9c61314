"""Which slots are settled, and at which price."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf

from app.domain.price import Direction, Price, Provenance, weakest
from app.domain.slot import Slot, floor, slots_between
from app.ledger.settle import SlotPrices

LONGEST_MINUTES = 30
"""People look at half-hours; a longer price is split, a shorter one is kept."""
HOUR = timedelta(hours=1)


def grid(prices: Sequence[Price], start: datetime, end: datetime) -> list[Slot]:
    """Return the slots of [start, end), oldest first: half-hours, or in hours that have shorter prices the shortest of them."""
    found: list[Slot] = []
    hour = floor(start, minutes=60)
    while hour < end:
        found += slots_between(hour, hour + HOUR, minutes=_minutes(prices, Slot(hour, hour + HOUR)))
        hour += HOUR
    return [slot for slot in found if slot.start >= start and slot.end <= end]


class PriceBook:
    """Prices that a tariff told, by instant. An estimate is no price to settle at."""

    def __init__(self, prices: Sequence[Price]) -> None:
        told = sorted((each for each in prices if each.provenance.is_told), key=lambda each: each.slot.start)
        self.prices = {way: [each for each in told if each.direction is way] for way in Direction}
        self.starts = {way: [each.slot.start for each in self.prices[way]] for way in Direction}

    def of(self, slot: Slot) -> SlotPrices:
        """Return the prices that hold in a slot."""
        return SlotPrices(
            import_per_kwh=self._per_kwh(Direction.IMPORT, slot.start), export_per_kwh=self._per_kwh(Direction.EXPORT, slot.start)
        )

    def provenance(self, slot: Slot) -> Provenance | None:
        """Return where the prices that hold in a slot came from, None where one is not known here."""
        found = [self._at(way, slot.start) for way in Direction]
        told = [price.provenance for price in found if price is not None]
        return weakest(told) if len(told) == len(found) else None

    def _per_kwh(self, way: Direction, instant: datetime) -> float | None:
        found = self._at(way, instant)
        return None if found is None else found.per_kwh

    def _at(self, way: Direction, instant: datetime) -> Price | None:
        n = bisect_right(self.starts[way], instant) - 1
        return None if n < 0 or not self.prices[way][n].slot.contains(instant) else self.prices[way][n]


def _minutes(prices: Sequence[Price], hour: Slot) -> int:
    touching = [each.slot.hours * 60 for each in prices if each.slot.start < hour.end and each.slot.end > hour.start]
    shortest = min(touching, default=inf)
    return round(shortest) if shortest < LONGEST_MINUTES and 60 % round(shortest) == 0 else LONGEST_MINUTES
