"""A plan: what the site is expected to do, slot by slot, and what that costs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    solar_kw: float
    curtailed_kw: float
    import_kw: float
    export_kw: float
    charge_kw: float
    discharge_kw: float
    stored_kwh: float
    stored_kwh_value: float
    """What one more kWh in the battery at the slot's end is worth, in currency."""
    cost: float
    """Import minus export earnings plus wear, in currency."""


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
