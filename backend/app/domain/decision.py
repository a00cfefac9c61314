"""A decision: one mode for one slot, with its reason, its alternatives and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.asset import BATTERY, SOLAR, AssetId
from app.domain.errors import InvalidInputError
from app.domain.order import Evidence, Order
from app.domain.plan import PlanSource, PlanStatus
from app.domain.price import PriceClass, Provenance
from app.domain.site import Mode, SiteId
from app.domain.slot import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the inverter is told: a mode, and for forced modes a power in kW and a target state of charge in %."""

    mode: Mode
    power_kw: float | None = None
    target_soc_pct: float | None = None
    export_limit_kw: float | None = None
    """The most that may flow into the grid meanwhile, where that is less than the connection carries."""

    def __str__(self) -> str:
        power = "" if self.power_kw is None else f" {self.power_kw:g} kW"
        return self.mode.value + power + ("" if self.target_soc_pct is None else f" to {self.target_soc_pct:g} %")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How whoever carries a command out is told: the mode in the vendor's words, and a battery current in A, 0 when not discharging."""

    label: str
    discharge_current_a: float


class ReasonCode(StrEnum):
    """Why, for machines."""

    NEGATIVE_PRICE = "negative_price"
    CHEAP_CHARGE = "cheap_charge"
    EXPORT_PEAK = "export_peak"
    STORE_SURPLUS = "store_surplus"
    SERVE_LOAD = "serve_load"
    KEEP_FOR_LATER = "keep_for_later"
    EXPORT_SURPLUS = "export_surplus"
    BATTERY_IDLE = "battery_idle"
    RESERVE_LOW = "reserve_low"
    GRID_LIMIT = "grid_limit"
    OVERRIDE = "override"
    RULE_CHEAP = "rule_cheap"
    RULE_EXPENSIVE = "rule_expensive"
    RULE_DEFAULT = "rule_default"
    NO_PRICE = "no_price"
    NO_STATE = "no_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A mode that was not chosen, and what it would have cost more over the horizon."""

    command: Command
    extra_cost: float
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceNow:
    """The prices a decision was made at; None where missing."""

    import_per_kwh: float | None
    export_per_kwh: float | None
    price_class: PriceClass | None
    provenance: Provenance


class OutcomeStatus(StrEnum):
    """What became of a command. Commanded is not done."""

    COMMANDED = "commanded"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an executor read back after carrying a decision out."""

    status: OutcomeStatus
    at: datetime
    reported_by: str
    mode_read_back: str | None = None
    battery_kw: float | None = None
    soc_pct: float | None = None
    detail: str | None = None
    asset: AssetId = BATTERY
    evidence: Evidence | None = None
    """The highest level that this report proves; None where nobody has judged it."""


class Limit(StrEnum):
    """What keeps the chosen mode from doing more of what it does."""

    CHARGE_POWER = "charge_power"
    DISCHARGE_POWER = "discharge_power"
    BATTERY_FULL = "battery_full"
    RESERVE = "reserve"
    IMPORT_LIMIT = "import_limit"
    EXPORT_LIMIT = "export_limit"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The numbers a decision rests on, besides its alternatives."""

    binding_limit: Limit
    charge_below_per_kwh: float
    """Buying for the battery pays below this import price: what a stored kWh is worth, less the loss of storing it."""
    export_above_per_kwh: float
    """Selling from the battery pays above this export price: what a stored kWh is worth, plus loss and wear."""
    words: str
    """The same in one sentence."""
    changed: str | None = None
    """What made this decision differ from the one before; None where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do in one slot. Whoever executes it returns to self-use after `valid_until`."""

    id: str
    site: SiteId
    plan_id: str | None
    slot: Slot
    decided_at: datetime
    valid_until: datetime
    orders: tuple[Order, ...]
    """What each asset is told, the battery first."""
    reason_code: ReasonCode
    reason: str
    plan_source: PlanSource
    status: PlanStatus
    expected_soc_pct: float | None
    stored_kwh_value: float | None
    price: PriceNow
    currency: str
    alternatives: tuple[Alternative, ...] = ()
    explanation: Explanation | None = None
    """None on the lower rungs, which weigh nothing."""
    cause: str | None = None
    """Why a lower rung of the ladder answered; None on the highest."""
    fingerprint: str = ""
    wording: Wording | None = None
    """How the battery's executor is told; None until somebody who knows its words has said it."""
    outcomes: tuple[Outcome, ...] = ()

    @property
    def command(self) -> Command:
        """What the battery's inverter is told."""
        first = self.orders[0]
        limits = (order.power_kw for order in self.orders if order.verb == LIMIT_EXPORT)
        return Command(
            mode=Mode(first.verb), power_kw=first.power_kw, target_soc_pct=first.target_soc_pct, export_limit_kw=next(limits, None)
        )

    @property
    def label(self) -> str:
        """The mode in the vendor's words, or else in plain ones."""
        return self.orders[0].verb if self.wording is None else self.wording.label

    @property
    def discharge_current_a(self) -> float:
        """The battery's current in A; 0 when not discharging."""
        return 0.0 if self.wording is None else self.wording.discharge_current_a


LIMIT_EXPORT = "limit_export"
"""What an array is told: to be throttled so that no more than a power flows into the grid."""


def export_order(limit_kw: float, *, lease_until: datetime) -> Order:
    """Return the most that may flow into the grid as the array's order."""
    return Order(asset=SOLAR, verb=LIMIT_EXPORT, power_kw=limit_kw, lease_until=lease_until)


def battery_order(command: Command, *, lease_until: datetime) -> Order:
    """Return a command to the inverter as the battery's order."""
    return Order(
        asset=BATTERY,
        verb=command.mode.value,
        power_kw=command.power_kw,
        target_soc_pct=command.target_soc_pct,
        lease_until=lease_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person forces a mode over a span; it wins over the plan and expires by itself."""

    span: Slot
    command: Command
    set_by: str
    set_at: datetime
    note: str | None = None

    def __post_init__(self) -> None:
        if self.span.hours > MAX_OVERRIDE_HOURS:
            raise InvalidInputError(f"an override lasts at most {MAX_OVERRIDE_HOURS} h, so that a forgotten one ends")


MAX_OVERRIDE_HOURS = 72
