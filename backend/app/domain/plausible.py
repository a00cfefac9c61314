"""What a house of this size can show: a number that its fuse, inverter, roof or battery cannot do is suspect, however well it is formed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.reading import PLAUSIBLE, Quality, Quantity, Reading
from app.domain.site import Site

OVERLOAD = 1.25
"""A fuse bears a quarter more for an hour, an inverter and a roof for minutes."""
SLACK_KW = 0.5
"""Offsets of meters that do not measure at the same instant."""
SOC_JUMP_PCT = 5.0
"""A state of charge is told in whole percents, and put right by some of them when the battery is full or rests."""
AGREES_AFTER = timedelta(seconds=20)
"""The same poll is often told twice; what an inverter says after this time is another one."""
LONGEST_REACH = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a quantity of one house can be, in its own unit, and how far it can be from one reading to the next."""

    least: float
    most: float
    jump: float | None = None
    """So far it may move at once; None for what may be anywhere the next moment, as a power."""
    per_hour: float = 0.0
    """So far more it may move in each hour since."""

    def holds(self, value: float) -> bool:
        """Tell whether the quantity can be that at all."""
        return self.least <= value <= self.most

    def reaches(self, before: Reading, after: Reading) -> bool:
        """Tell whether the quantity can have moved from one reading to a later one."""
        if self.jump is None or before.value is None or after.value is None:
            return True
        hours = (after.at - before.at).total_seconds() / 3600
        return abs(after.value - before.value) <= self.jump + self.per_hour * hours

    @property
    def memory(self) -> timedelta:
        """How long a reading says anything of those after it."""
        if self.jump is None:
            return timedelta(0)
        if self.per_hour <= 0:
            return LONGEST_REACH
        return min(LONGEST_REACH, timedelta(hours=(self.most - self.least) / self.per_hour))


def ranges(site: Site) -> dict[Quantity, Range]:
    """Return what each quantity of a house can be."""
    battery, fuse_kw = site.battery, max(site.grid.import_limit_kw, site.grid.export_limit_kw)
    battery_kw = max(battery.max_charge_kw, battery.max_discharge_kw)
    grid, stored = _most(fuse_kw), _most(battery_kw)
    per_hour = 100 * OVERLOAD * battery_kw / (battery.capacity_kwh * battery.discharge_efficiency) if battery.capacity_kwh else 0.0
    special = {
        Quantity.SOC_PCT: Range(least=0.0, most=100.0, jump=SOC_JUMP_PCT, per_hour=per_hour),
        Quantity.LOAD_KW: Range(least=PLAUSIBLE[Quantity.LOAD_KW][0], most=_most(fuse_kw + battery_kw + site.solar.peak_kw)),
        Quantity.GRID_KW: Range(least=-grid, most=grid),
        Quantity.BATTERY_KW: Range(least=-stored, most=stored),
    }
    if site.solar.peak_kw > 0:  # of a roof that is not described nothing is known
        special[Quantity.SOLAR_KW] = Range(least=PLAUSIBLE[Quantity.SOLAR_KW][0], most=_most(site.solar.peak_kw))
    return {quantity: special.get(quantity, Range(least=low, most=high)) for quantity, (low, high) in PLAUSIBLE.items()}


def judged(readings: Sequence[Reading], possible: Mapping[Quantity, Range], before: Sequence[Reading] = ()) -> list[Reading]:
    """Return readings with the quality that this house gives them, in their order; `before` are earlier ones, already judged.

    What cannot be at all is suspect. A jump is suspect until a later reading of the same device agrees with it.
    """
    judge = _Judge(possible)
    for each in sorted(before, key=_at):
        judge.heed(each)
    quality = {id(each): judge.quality(each) for each in sorted(readings, key=_at)}
    return [each if quality[id(each)] is each.quality else replace(each, quality=quality[id(each)]) for each in readings]


@dataclass(slots=True)
class _Judge:
    """Remembers of each device and quantity the last good reading, and the first doubted one since."""

    possible: Mapping[Quantity, Range]
    good: dict[tuple[str, Quantity], Reading] = field(default_factory=dict)
    doubted: dict[tuple[str, Quantity], Reading] = field(default_factory=dict)

    def quality(self, each: Reading) -> Quality:
        """Return what a reading is worth, and remember it."""
        if each.quality is not Quality.GOOD or each.value is None:
            return each.quality
        if not self.possible[each.quantity].holds(each.value):
            return Quality.SUSPECT
        found = Quality.GOOD if self._is_believed(each) else Quality.SUSPECT
        self.heed(replace(each, quality=found))
        return found

    def heed(self, each: Reading) -> None:
        """Remember a reading that was judged."""
        key, possible = (each.device, each.quantity), self.possible[each.quantity]
        if possible.jump is None or each.value is None or not possible.holds(each.value):
            return
        if each.quality is Quality.GOOD:
            self.good[key] = each
            self.doubted.pop(key, None)
        elif key not in self.doubted or not possible.reaches(self.doubted[key], each):
            self.doubted[key] = each

    def _is_believed(self, each: Reading) -> bool:
        key, possible = (each.device, each.quantity), self.possible[each.quantity]
        if key not in self.good or possible.reaches(self.good[key], each):
            return True
        doubted = self.doubted.get(key)
        return doubted is not None and each.at - doubted.at >= AGREES_AFTER and possible.reaches(doubted, each)


def _most(kw: float) -> float:
    return OVERLOAD * kw + SLACK_KW


def _at(each: Reading) -> datetime:
    return each.at
