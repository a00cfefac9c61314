"""What every asset does in a plan: array and battery in the columns of its steps, all others as columns in one cell."""

from collections.abc import Sequence
from typing import Any

from app.domain.asset import BATTERY, SOLAR, AssetId, AssetKind, Trace
from app.domain.plan import PlanStep, battery_trace, solar_trace
from app.storage.models import PlanStepRow

SAME_IN_TRACE = ("draws_kw", "gives_kw", "cost")


def of_house(step: PlanStep) -> dict[str, object]:
    """Return the columns of a step that say what array and battery do."""
    sun, battery, *_ = step.traces
    return {"charge_kw": battery.draws_kw, "discharge_kw": battery.gives_kw, "wear": battery.cost, **sun.state, **battery.state}


def of_others(steps: Sequence[PlanStep]) -> list[dict[str, Any]] | None:
    """Return what every other asset does as JSON; None where there is no other."""
    names = [trace.asset for trace in steps[0].traces if trace.asset not in {SOLAR, BATTERY}] if steps else []
    return [_column([trace for step in steps for trace in step.traces if trace.asset == name]) for name in names] or None


def read(row: PlanStepRow, columns: list[dict[str, Any]] | None, t: int) -> tuple[Trace, ...]:
    """Return what every asset does in step t."""
    battery = battery_trace(
        charge_kw=row.charge_kw,
        discharge_kw=row.discharge_kw,
        stored_kwh=row.stored_kwh,
        stored_kwh_value=row.stored_kwh_value,
        cost=_cost_less_cash(row) if row.wear is None else row.wear,
    )
    return solar_trace(solar_kw=row.solar_kw, curtailed_kw=row.curtailed_kw), battery, *(_trace(each, t) for each in columns or ())


def _cost_less_cash(row: PlanStepRow) -> float:
    """Return the wear of a step from before it was kept."""
    cash_per_hour = row.import_kw * row.import_per_kwh - row.export_kw * row.export_per_kwh
    return row.cost - cash_per_hour * (row.end - row.start).total_seconds() / 3600


def _column(traces: Sequence[Trace]) -> dict[str, Any]:
    first = traces[0]
    powers = {name: [getattr(trace, name) for trace in traces] for name in SAME_IN_TRACE}
    state = {name: [trace.state[name] for trace in traces] for name in first.state}
    return {"asset": first.asset, "kind": first.kind, **powers, "state": state}


def _trace(column: dict[str, Any], t: int) -> Trace:
    return Trace(
        asset=AssetId(column["asset"]),
        kind=AssetKind(column["kind"]),
        state={name: series[t] for name, series in column["state"].items()},
        **{name: column[name][t] for name in SAME_IN_TRACE},
    )
