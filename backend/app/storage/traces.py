"""What every asset does in a plan, as one cell: a list of columns for each, half the size of rows."""

from collections.abc import Sequence
from typing import Any

from app.domain.asset import AssetId, AssetKind, Trace
from app.domain.plan import PlanStep, battery_trace, solar_trace
from app.storage.models import PlanStepRow

SAME_IN_TRACE = ("draws_kw", "gives_kw", "cost")


def written(steps: Sequence[PlanStep]) -> list[dict[str, Any]]:
    """Return the traces of a plan's steps as JSON."""
    return [_column([step.traces[n] for step in steps]) for n in range(len(steps[0].traces))] if steps else []


def read(columns: list[dict[str, Any]], count: int) -> list[tuple[Trace, ...]]:
    """Return the traces of every step."""
    return [tuple(_trace(column, t) for column in columns) for t in range(count)]


def of_old(row: PlanStepRow) -> tuple[Trace, ...]:
    """Return what a step from before traces were kept says of the array and the battery."""
    cash_per_hour = row.import_kw * row.import_per_kwh - row.export_kw * row.export_per_kwh
    battery = battery_trace(
        charge_kw=row.charge_kw,
        discharge_kw=row.discharge_kw,
        stored_kwh=row.stored_kwh,
        stored_kwh_value=row.stored_kwh_value,
        cost=row.cost - cash_per_hour * (row.end - row.start).total_seconds() / 3600,
    )
    return solar_trace(solar_kw=row.solar_kw, curtailed_kw=row.curtailed_kw), battery


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
