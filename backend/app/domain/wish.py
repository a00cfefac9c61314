"""What people wish the battery to hold, at times of their own day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from math import inf
from zoneinfo import ZoneInfo

from app.domain.site import Battery
from app.domain.slot import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class SocWish:
    """A charge in % to hold at least or at most: at a time of day, or from one time of day until another."""

    least_pct: float | None = None
    most_pct: float | None = None
    start: time | None = None
    """None where it counts only at the end."""
    end: time
    weekdays: frozenset[int] = frozenset(range(7))
    """The days it counts on, 0 for Monday; of a span over midnight, the day it ends on."""

    def counts_at(self, slot: Slot, zone: ZoneInfo) -> bool:
        """Tell whether it counts at the end of a slot."""
        first, last = slot.start.astimezone(zone), slot.end.astimezone(zone)
        if self.start is None:
            at = datetime.combine(last.date(), self.end, zone)
            return first < at <= last and at.weekday() in self.weekdays
        clock = last.time()
        inside = self.start < clock <= self.end if self.start < self.end else not self.end < clock <= self.start
        ends_today = self.start < self.end or clock <= self.end
        day = last.weekday() if ends_today else (last.weekday() + 1) % 7
        return inside and day in self.weekdays


def bounds_kwh(wishes: Iterable[SocWish], battery: Battery, slot: Slot, zone: ZoneInfo) -> tuple[float, float]:
    """Return what the battery should hold at the end of a slot, at least and at most."""
    counting = [wish for wish in wishes if wish.counts_at(slot, zone)]
    least = [battery.kwh(wish.least_pct) for wish in counting if wish.least_pct is not None]
    most = [battery.kwh(wish.most_pct) for wish in counting if wish.most_pct is not None]
    return min(max([0.0, *least]), battery.top_kwh), min([inf, *most])
