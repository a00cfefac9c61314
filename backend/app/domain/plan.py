"""A plan: what the site is expected to do, slot by slot, and what that costs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.asset import BATTERY, SOLAR, AssetId, AssetKind, Trace
from app.domain.price import PricedSlot
from app.domain.site import SiteId


class PlanSource(StrEnum):
    """The rung of the ladder an answer came from, best first."""

    OPTIMIZER = "optimizer"
    OVERRIDE = "override"
    """A person decided; it stands beside the ladder."""
    LAST_PLAN = "last_plan"
    RULES = "rules"
    SELF_USE = "self_use"


class PlanStatus(StrEnum):
    """How good a plan was proved to be."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    """Checked, but stopped at the time limit; its `gap` says how far from the best it can be."""
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A wish the plan could not keep: which limit, when for the first time, by how much."""

    limit: str
    at: datetime
    amount: float
    unit: str
    until: datetime | None = None
    """When the limit is kept again; None when not within the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One slot of a plan. Powers are the slot's mean in kW; stored energy is at the slot's end."""

    priced: PricedSlot
    load_kw: float
    """What the house draws whatever is planned."""
    solar_kw: float
    """What the array could make."""
    import_kw: float
    export_kw: float
    cost: float
    """Import minus export earnings plus what the traces cost, in currency."""
    traces: tuple[Trace, ...]
    """What each asset does, the array's and the main battery's first."""

    def trace(self, asset: AssetId) -> Trace | None:
        """Return what an asset does, or None if it has no part in this plan."""
        return next((trace for trace in self.traces if trace.asset == asset), None)

    @property
    def curtailed_kw(self) -> float:
        """What the array makes less than it could."""
        return self._state(SOLAR, CURTAILED_KW)

    @property
    def charge_kw(self) -> float:
        """What the main battery takes."""
        trace = self.trace(BATTERY)
        return 0.0 if trace is None else trace.draws_kw

    @property
    def discharge_kw(self) -> float:
        """What the main battery gives."""
        trace = self.trace(BATTERY)
        return 0.0 if trace is None else trace.gives_kw

    @property
    def stored_kwh(self) -> float:
        """What the main battery holds."""
        return self._state(BATTERY, STORED_KWH)

    @property
    def stored_kwh_value(self) -> float:
        """What one more kWh in the main battery at the slot's end is worth, in currency."""
        return self._state(BATTERY, STORED_KWH_VALUE)

    def _state(self, asset: AssetId, name: str) -> float:
        trace = self.trace(asset)
        return 0.0 if trace is None else trace.state[name]


STORED_KWH, STORED_KWH_VALUE, CURTAILED_KW = "stored_kwh", "stored_kwh_value", "curtailed_kw"
"""Names in the states of a battery and an array."""


def battery_trace(*, charge_kw: float, discharge_kw: float, stored_kwh: float, stored_kwh_value: float, cost: float) -> Trace:
    """Return what the main battery does in a slot: mean powers in kW, energy at its end in kWh, wear in currency."""
    state = {STORED_KWH: stored_kwh, STORED_KWH_VALUE: stored_kwh_value}
    return Trace(asset=BATTERY, kind=AssetKind.BATTERY, draws_kw=charge_kw, gives_kw=discharge_kw, cost=cost, state=state)


def solar_trace(*, solar_kw: float, curtailed_kw: float) -> Trace:
    """Return what the array does in a slot that could make a mean power in kW and is throttled by some."""
    return Trace(asset=SOLAR, kind=AssetKind.SOLAR, gives_kw=solar_kw - curtailed_kw, state={CURTAILED_KW: curtailed_kw})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cheapest checked schedule found for a site from one instant on."""

    id: str
    site: SiteId
    created_at: datetime
    source: PlanSource
    status: PlanStatus
    fingerprint: str
    """Equal for equal inputs."""
    start_kwh: float
    end_value_per_kwh: float
    steps: tuple[PlanStep, ...]
    cost: float
    """Sum of the steps' costs, without the value of what is left in the battery."""
    gap: float = 0.0
    """Proved bound on how much cheaper a plan could be, as a share of its objective."""
    solve_s: float = 0.0
    violations: tuple[Violation, ...] = ()

    def step_at(self, instant: datetime) -> PlanStep | None:
        """Return the step whose slot contains the instant, or None outside the horizon."""
        return next((step for step in self.steps if step.priced.slot.contains(instant)), None)
