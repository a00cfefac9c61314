"""What the planner is asked: a site, its charge, and prices, load and solar power per slot."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from math import inf

import numpy as np

from app.domain.asset import BATTERY, SOLAR, Asset
from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast
from app.domain.price import PricedSlot
from app.domain.site import Battery, Site
from app.domain.slot import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSlot:
    """One slot to plan: its prices and the expected mean powers in kW. The first may be what is left of a slot."""

    priced: PricedSlot
    load_kw: float
    solar_kw: float
    hours: float = field(init=False, repr=False, compare=False)
    """Length in hours, kept: a plan asks for it a thousand times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hours", self.priced.slot.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything a plan depends on."""

    site: Site
    start_kwh: float
    """Energy stored now, as measured; it may lie outside the wished limits."""
    end_value_per_kwh: float
    """What a kWh still stored at the end is worth."""
    slots: tuple[ProblemSlot, ...]
    assets: tuple[Asset, ...] = ()
    """What else can be moved, beside the array and the main battery."""

    def __post_init__(self) -> None:
        if not self.slots:
            raise InvalidInputError("there is no slot to plan")
        if not 0 <= self.start_kwh <= self.site.battery.capacity_kwh + 1e-9:
            raise InvalidInputError(f"{self.start_kwh} kWh cannot be stored in {self.site.battery.capacity_kwh} kWh")
        for one, following in zip(self.slots, self.slots[1:], strict=False):
            if one.priced.slot.end != following.priced.slot.start:
                raise InvalidInputError(f"the slots have a hole or an overlap at {one.priced.slot.end}")
        if not all(0 <= kw < inf for slot in self.slots for kw in (slot.load_kw, slot.solar_kw)):
            raise InvalidInputError("load and solar power are numbers, never negative")
        names = [BATTERY, SOLAR, *(asset.id for asset in self.assets)]
        if len({*names}) < len(names):
            raise InvalidInputError(f"two devices of one name: {', '.join(sorted(names))}")

    @property
    def fingerprint(self) -> str:
        """Equal for equal inputs; the time gone by within the first slot does not count."""
        first = self.slots[0]
        ends = [first.priced.slot.end, *(slot.priced.slot.end for slot in self.slots)]
        numbers = [(s.priced.import_per_kwh, s.priced.export_per_kwh, s.load_kw, s.solar_kw) for s in self.slots]
        asked = (astuple(self.site), round(self.start_kwh, 3), round(self.end_value_per_kwh, 6), ends, numbers)
        text = repr((*asked, self.assets) if self.assets else asked)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def assemble(
    site: Site,
    *,
    now: datetime,
    start_kwh: float,
    priced: Sequence[PricedSlot],
    load: Forecast,
    solar: Forecast,
    end_value_per_kwh: float | None = None,
) -> Problem:
    """Return the problem from now on; the current slot is cut to what is left of it.

    Raises:
        InvalidInputError: forecasts and prices do not cover the same slots.
    """
    wanted = tuple(p.slot for p in priced)
    if load.slots != wanted or solar.slots != wanted:
        raise InvalidInputError("prices, load and solar power do not cover the same slots")
    slots = tuple(
        ProblemSlot(priced=_from(p, now), load_kw=max(0.0, load_kw), solar_kw=max(0.0, solar_kw))
        for p, load_kw, solar_kw in zip(priced, load.kw, solar.kw, strict=True)
        if p.slot.end > now
    )
    value = end_value(site.battery, priced) if end_value_per_kwh is None else end_value_per_kwh
    return Problem(site=site, start_kwh=start_kwh, end_value_per_kwh=value, slots=slots)


def end_value(battery: Battery, priced: Sequence[PricedSlot]) -> float:
    """Return what a kWh left at the horizon's end is worth, per stored kWh.

    It will save an ordinary import, but never more than a cheap refill would cost, and it can always be sold at the ordinary export price.
    """
    buy = np.array([p.import_per_kwh for p in priced])
    sell = np.array([p.export_per_kwh for p in priced])
    saves = battery.discharge_efficiency * (float(np.median(buy)) - battery.wear_per_kwh)
    refill = float(np.quantile(buy, CHEAP_SHARE)) / battery.charge_efficiency
    sold = battery.discharge_efficiency * (float(np.median(sell)) - battery.wear_per_kwh)
    return max(0.0, sold, min(saves, refill))


CHEAP_SHARE = 0.25
"""A refill can wait for the cheapest quarter of the day: about six hours, enough to fill a home battery."""


def _from(priced: PricedSlot, now: datetime) -> PricedSlot:
    return replace(priced, slot=Slot(now, priced.slot.end)) if priced.slot.contains(now) else priced
