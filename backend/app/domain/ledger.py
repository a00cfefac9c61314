"""The ledger: what each past slot turned out to be, what it cost, and what it would have cost otherwise."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.plan import PlanSource
from app.domain.site import Mode
from app.domain.slot import Slot


class Intent(StrEnum):
    """What a slot turned out to be, judged from its flows and not from any plan."""

    GRID_CHARGING = "grid_charging"
    SOLAR_CHARGING = "solar_charging"
    LOAD_SUPPORT = "load_support"
    PEAK_EXPORT = "peak_export"
    SOLAR_EXPORT = "solar_export"
    IDLE = "idle"


class SlotStatus(StrEnum):
    """How far a past slot could be settled."""

    SETTLED = "settled"
    """From measurements that agree, at published prices."""
    ESTIMATED = "estimated"
    """Something was derived, only partly measured, or disagrees; the reason names it."""
    INCOMPLETE = "incomplete"
    """Too little was measured; it counts nowhere."""
    UNPRICED = "unpriced"
    """Measured, but its price is not known; it counts nowhere."""

    @property
    def counts(self) -> bool:
        """Whether totals include such a slot."""
        return self in {SlotStatus.SETTLED, SlotStatus.ESTIMATED}


class Case(StrEnum):
    """Whose house a number is about."""

    ACTUAL = "actual"
    OURS = "ours"
    """What this system would have done in a house that another controller runs."""
    NO_BATTERY = "no_battery"
    SELF_USE = "self_use"
    RULES = "rules"


BASELINES = (Case.NO_BATTERY, Case.SELF_USE, Case.RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Energies:
    """What went where in one slot, in kWh, none negative; battery energies on the AC side."""

    solar_kwh: float
    load_kwh: float
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Who fed whom in one slot, in kWh, none negative."""

    solar_to_home_kwh: float
    solar_to_battery_kwh: float
    solar_to_grid_kwh: float
    grid_to_home_kwh: float
    grid_to_battery_kwh: float
    battery_to_home_kwh: float
    battery_to_grid_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSlot:
    """One slot of a simulated house: energies in kWh, money in the site's currency, wear apart from cash."""

    case: Case
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float
    stored_start_kwh: float
    stored_end_kwh: float
    cost: float
    wear: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledSlot:
    """One past slot as settled. It is never changed: better data make a new version."""

    slot: Slot
    version: int
    """1 for the first; the highest holds."""
    settled_at: datetime
    status: SlotStatus
    reason: str | None
    """Why it is not simply settled."""
    import_per_kwh: float | None
    export_per_kwh: float | None
    energies: Energies | None
    """As measured or derived; the bill is made from these."""
    derived: tuple[str, ...] = ()
    """What was not measured but follows from the rest."""
    residual_kwh: float | None = None
    """What came in less what went out, as measured; None where a quantity was derived from the balance."""
    anomaly: str | None = None
    """How measurements contradict each other."""
    flows: Flows | None = None
    intent: Intent | None = None
    cost: float | None = None
    """Import less export earnings: cash, without wear."""
    wear: float | None = None
    capacity_kwh: float | None = None
    """Of the battery it was settled with; None where that was not kept yet."""
    stored_start_kwh: float | None = None
    stored_end_kwh: float | None = None
    baselines: tuple[CaseSlot, ...] = ()
    mode: Mode | None = None
    """What was decided for the slot last; None if nothing was."""
    plan_source: PlanSource | None = None

    def baseline(self, case: Case) -> CaseSlot | None:
        """Return the slot under a baseline, None where it was not simulated."""
        return next((each for each in self.baselines if each.case is case), None)
