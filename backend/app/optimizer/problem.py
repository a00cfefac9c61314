"""What the planner is asked: a site, its charge, and prices, load and solar power per slot."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from math import inf

from app.domain.asset import BATTERY, SOLAR, Asset
from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast
from app.domain.price import PricedSlot, price_at
from app.domain.site import Battery, Site
from app.domain.slot import Slot
from app.optimizer.weights import BELOW_RESERVE_PER_KWH_HOUR, EASED_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSlot:
    """One slot to plan: its prices and the expected mean powers in kW. The first may be what is left of a slot."""

    priced: PricedSlot
    load_kw: float
    solar_kw: float
    least_kwh: float = 0.0
    """What people wish to be stored at its end, at least."""
    most_kwh: float = inf
    """What people wish to be stored at its end, at most."""
    forced: Command | None = None
    """What a person has asked for in this slot, whatever it costs."""
    hours: float = field(init=False, repr=False, compare=False)
    """Length in hours, kept: a plan asks for it a thousand times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hours", self.priced.slot.hours)

    @property
    def is_wished_for(self) -> bool:
        """Whether people wish anything of it."""
        return self.least_kwh > 0 or self.most_kwh < inf or self.forced is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the house draws and the array makes right now, in kW."""

    load_kw: float
    solar_kw: float

    def beyond_kw(self, site: Site) -> float:
        """Return by how much the house, left to itself, is beyond what the connection may carry, either way."""
        short = self.load_kw - self.solar_kw
        spilled = 0.0 if site.solar.curtailable else -short - site.grid.export_limit_kw
        return max(0.0, short - site.grid.import_limit_kw, spilled)


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
    measured: Measured | None = None
    """What flows now, where that is known: a limit of the connection is kept for it, too, not only for what is expected."""
    eased: bool = False
    """Whether energy missing from the reserve at the start is not bought for: it is there but for a sensor's last percents."""

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
        wishes = [(n, s.least_kwh, s.most_kwh, s.forced) for n, s in enumerate(self.slots) if s.is_wished_for]
        state = (round(self.start_kwh, 3), round(self.end_value_per_kwh, 6), self.eased, self._beyond())
        asked = (astuple(self.site), *state, ends, numbers, wishes)
        text = repr((*asked, self.assets) if self.assets else asked)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def reserve_per_kwh_hour(self) -> float:
        """What each kWh missing below the reserve counts per hour: much, or for a soft one what it is worth."""
        if self.eased:
            return 0.0
        worth = self.site.battery.reserve_per_kwh_hour
        return BELOW_RESERVE_PER_KWH_HOUR if worth is None else worth

    def _beyond(self) -> float:
        """Return what flows now beyond the connection's limits, in kW: what else is measured changes no plan."""
        return 0.0 if self.measured is None else round(self.measured.beyond_kw(self.site), 1)

    def most_sold_kw(self, slot: ProblemSlot) -> float:
        """Return the most that may flow into the grid in a slot, in kW: nothing where that would cost money and can be kept from it."""
        return 0.0 if self.sells_nothing(slot) else self.site.grid.export_limit_kw

    def sells_nothing(self, slot: ProblemSlot) -> bool:
        """Tell whether the inverter is to be told not to export in a slot."""
        site = self.site
        can = site.inverter.limits_export and site.solar.curtailable and site.grid.export_limit_kw > 0
        return can and slot.priced.export_per_kwh < 0


def assemble(
    site: Site,
    *,
    now: datetime,
    start_kwh: float,
    priced: Sequence[PricedSlot],
    load: Forecast,
    solar: Forecast,
    end_value_per_kwh: float | None = None,
    measured: Measured | None = None,
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
    value = end_value(site, priced) if end_value_per_kwh is None else end_value_per_kwh
    return Problem(
        site=site,
        start_kwh=start_kwh,
        end_value_per_kwh=value,
        slots=slots,
        measured=measured,
        eased=_eased(site.battery, start_kwh),
    )


def _eased(battery: Battery, start_kwh: float) -> bool:
    """Tell whether the reserve is missed by no more than a sensor's last percents."""
    return battery.reserve_kwh - EASED_SHARE * battery.capacity_kwh <= start_kwh < battery.reserve_kwh


def end_value(site: Site, priced: Sequence[PricedSlot]) -> float:
    """Return what a kWh left at the horizon's end is worth, per stored kWh.

    It will save an ordinary import, but never more than a cheap refill would cost; and where the battery can be told to sell it, it can
    be sold at the ordinary export price. Ordinary is the middle hour's price, not the middle slot's: slots may differ in length.
    """
    battery, hours = site.battery, [each.slot.hours for each in priced]
    buy, sell = [each.import_per_kwh for each in priced], [each.export_per_kwh for each in priced]
    middle, cheap = price_at(buy, hours, MIDDLE, CHEAP_SHARE)
    (earned,) = price_at(sell, hours, MIDDLE)
    saves, sold = (battery.discharge_efficiency * (price - battery.wear_per_kwh) for price in (middle, earned))
    return max(0.0, sold if site.can_sell else 0.0, min(saves, cheap / battery.charge_efficiency))


MIDDLE = 0.5
CHEAP_SHARE = 0.25
"""A refill can wait for the cheapest quarter of the day: about six hours, enough to fill a home battery."""


def _from(priced: PricedSlot, now: datetime) -> PricedSlot:
    return replace(priced, slot=Slot(now, priced.slot.end)) if priced.slot.contains(now) else priced
