"""/dashboard: the whole local day, actual then predicted."""

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import House, Now, Use
from app.api.models import Instant, Out
from app.api.savings import BaselineOut, LocalDay, TotalOut, baseline, checked
from app.api.security import Viewer
from app.domain.ledger import Intent, SlotStatus
from app.domain.plan import PlanSource
from app.domain.price import Provenance
from app.domain.site import Mode, Site
from app.looks.dashboard import Day, Row, Source

router = APIRouter(prefix="/dashboard", tags=["savings"])


class EnergiesOut(Out):
    """What went where, in kWh."""

    solar_kwh: float
    load_kwh: float
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float


class FlowsOut(Out):
    """Who fed whom, in kWh."""

    solar_to_home_kwh: float
    solar_to_battery_kwh: float
    solar_to_grid_kwh: float
    grid_to_home_kwh: float
    grid_to_battery_kwh: float
    battery_to_home_kwh: float
    battery_to_grid_kwh: float


class RowOut(Out):
    """One half-hour. `source` says how its numbers are known, `status` how far it is settled; null is not known."""

    start: Instant
    end: Instant
    source: Source
    status: SlotStatus | None
    reason: str | None
    anomaly: str | None
    hours: float = Field(description="For how much of the half-hour the energies stand.")
    import_per_kwh: float | None
    export_per_kwh: float | None
    price_provenance: Provenance
    energies: EnergiesOut | None
    flows: FlowsOut | None
    intent: Intent | None
    cost: float | None
    wear: float | None
    stored_kwh: float | None
    soc_pct: float | None = Field(description="At the half-hour's end.")
    mode_code: Mode | None
    plan_source: PlanSource | None


class DashboardOut(Out):
    """A local day: 46, 48 or 50 half-hours, and the totals of those that are settled."""

    day: str = Field(examples=["2026-01-15"])
    start: Instant
    end: Instant
    time_zone: str
    currency: str
    capacity_kwh: float
    plan_id: str | None
    rows: list[RowOut]
    actual: TotalOut
    baselines: list[BaselineOut]
    counted_hours: float


@router.get("")
def dashboard(use: Use, house: House, at: Now, _caller: Viewer, day: LocalDay = None) -> DashboardOut:
    """Return a local day in half-hours, always complete."""
    found = use.dashboard.day(house.id, checked(day), at)
    return _out(found, house, use)


def _out(found: Day, house: Site, use: Use) -> DashboardOut:
    savings = found.savings
    return DashboardOut(
        day=found.day.isoformat(),
        start=found.span.start,
        end=found.span.end,
        time_zone=str(house.zone),
        currency=house.currency,
        capacity_kwh=house.battery.capacity_kwh,
        plan_id=found.plan_id,
        rows=[_row(each) for each in found.rows],
        actual=TotalOut.model_validate(savings.actual),
        baselines=[baseline(each, savings.actual, use.homes[house.id].rules) for each in savings.baselines],
        counted_hours=savings.count.settled_hours + savings.count.estimated_hours,
    )


def _row(row: Row) -> RowOut:
    return RowOut(
        start=row.slot.start,
        end=row.slot.end,
        source=row.source,
        status=row.status,
        reason=row.reason,
        anomaly=row.anomaly,
        hours=row.hours,
        import_per_kwh=row.import_per_kwh,
        export_per_kwh=row.export_per_kwh,
        price_provenance=row.price_provenance,
        energies=None if row.energies is None else EnergiesOut.model_validate(row.energies),
        flows=None if row.flows is None else FlowsOut.model_validate(row.flows),
        intent=row.intent,
        cost=row.cost,
        wear=row.wear,
        stored_kwh=row.stored_kwh,
        soc_pct=None if row.soc_pct is None else round(row.soc_pct, 1),
        mode_code=row.mode,
        plan_source=row.plan_source,
    )
