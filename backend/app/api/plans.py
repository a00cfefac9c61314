"""/plan and /plans: the schedule, slot by slot."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from app.api.deps import House, Now, Use
from app.api.models import Instant, Out
from app.api.security import Viewer
from app.domain.asset import AssetKind
from app.domain.errors import NotFoundError
from app.domain.plan import Plan, PlanSource, PlanStatus
from app.domain.price import PriceClass, Provenance
from app.domain.site import Site

router = APIRouter(tags=["plans"])


class TraceOut(Out):
    """What one asset does in a slot: mean power in kW, drawing positive; how it stands at the slot's end, by names with their unit."""

    asset: str = Field(examples=["battery"])
    kind: AssetKind
    power_kw: float
    cost: float = Field(description="Beyond what the grid bills: wear, comfort.")
    state: dict[str, float] = Field(examples=[{"stored_kwh": 5.2, "stored_kwh_value": 0.18}])


class StepOut(Out):
    """One slot: mean powers in kW, state of charge at its end."""

    start: Instant
    end: Instant
    import_per_kwh: float
    export_per_kwh: float
    price_class: PriceClass
    provenance: Provenance
    load_kw: float
    solar_kw: float
    curtailed_kw: float
    import_kw: float
    export_kw: float
    charge_kw: float
    discharge_kw: float
    soc_pct: float
    stored_kwh: float
    plan_kwh_value: float = Field(
        description="What one more stored kWh would save in this plan, which knows one line of load and sun; "
        "a decision's stored_kwh_value weighs every path they may take, so the two differ."
    )
    cost: float
    assets: list[TraceOut] = Field(description="What every asset does.")


class ViolationOut(Out):
    """A limit that could not be kept."""

    limit: str
    at: Instant
    until: Instant | None
    amount: float
    unit: str


class PlanOut(Out):
    """A plan. `cost` leaves out the value of what stays in the battery."""

    plan_id: str
    site: str
    created_at: Instant
    plan_source: PlanSource
    optimization_status: PlanStatus
    gap: float
    solve_s: float
    currency: str
    cost: float
    start_soc_pct: float
    reserve_pct: float
    capacity_kwh: float
    end_value_per_kwh: float
    violations: list[ViolationOut]
    steps: list[StepOut]

    @classmethod
    def of(cls, plan: Plan, site: Site) -> "PlanOut":
        """Return a plan of a site."""
        return cls(
            plan_id=plan.id,
            site=plan.site,
            created_at=plan.created_at,
            plan_source=plan.source,
            optimization_status=plan.status,
            gap=plan.gap,
            solve_s=plan.solve_s,
            currency=site.currency,
            cost=plan.cost,
            start_soc_pct=site.battery.pct(plan.start_kwh),
            reserve_pct=site.battery.pct(site.battery.reserve_kwh),
            capacity_kwh=site.battery.capacity_kwh,
            end_value_per_kwh=plan.end_value_per_kwh,
            violations=[ViolationOut.model_validate(each) for each in plan.violations],
            steps=[
                StepOut(
                    start=step.priced.slot.start,
                    end=step.priced.slot.end,
                    import_per_kwh=step.priced.import_per_kwh,
                    export_per_kwh=step.priced.export_per_kwh,
                    price_class=step.priced.price_class,
                    provenance=step.priced.provenance,
                    load_kw=step.load_kw,
                    solar_kw=step.solar_kw,
                    curtailed_kw=step.curtailed_kw,
                    import_kw=step.import_kw,
                    export_kw=step.export_kw,
                    charge_kw=step.charge_kw,
                    discharge_kw=step.discharge_kw,
                    soc_pct=site.battery.pct(step.stored_kwh),
                    stored_kwh=step.stored_kwh,
                    plan_kwh_value=step.stored_kwh_value,
                    cost=step.cost,
                    assets=[TraceOut.model_validate(trace) for trace in step.traces],
                )
                for step in plan.steps
            ],
        )


@router.get("/plan")
def current(use: Use, house: House, at: Now, _caller: Viewer) -> PlanOut:
    """Return the current plan; 404 until there is one."""
    use.recommend.now(house.id, at)
    plan = use.journal.last_plan(house.id, at)
    if plan is None:
        raise NotFoundError("there is no plan yet; /api/v1/recommendation/now says why")
    return PlanOut.of(plan, house)


@router.get("/plans/{plan_id}")
def one(use: Use, house: House, _caller: Viewer, plan_id: Annotated[str, Path(max_length=64)]) -> PlanOut:
    """Return any earlier plan."""
    return PlanOut.of(use.plans.get(house.id, plan_id), house)
