"""What a plan expects of a half-hour, in the ledger's words."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.ledger import Energies, Flows, Intent
from app.domain.plan import Plan, PlanStep
from app.domain.price import Provenance, weakest
from app.domain.slot import Slot
from app.ledger.combine import added
from app.ledger.flows import flows
from app.ledger.intent import intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of a slot, or of what is left of it."""

    hours: float
    import_per_kwh: float
    export_per_kwh: float
    provenance: Provenance
    energies: Energies
    flows: Flows
    intent: Intent
    cost: float
    """Cash, without wear."""
    wear: float
    stored_kwh: float
    """At the slot's end."""


def expected(plan: Plan, slot: Slot, *, since: datetime) -> Expected | None:
    """Return what a plan expects of a slot from an instant on; None where its horizon does not reach the slot's end."""
    begin = max(slot.start, since)
    steps = [step for step in plan.steps if step.priced.slot.start < slot.end and step.priced.slot.end > begin]
    if not steps or steps[-1].priced.slot.end < slot.end:
        return None
    shares = [_share(step, begin, slot.end) for step in steps]
    energies = [_energies(step, hours) for step, hours in zip(steps, shares, strict=True)]
    whole, split = added(Energies, energies), added(Flows, [flows(each) for each in energies])
    if whole is None or split is None:
        return None
    hours = sum(shares)
    cost = sum(
        each.import_kwh * step.priced.import_per_kwh - each.export_kwh * step.priced.export_per_kwh
        for step, each in zip(steps, energies, strict=True)
    )
    return Expected(
        hours=hours,
        import_per_kwh=sum(step.priced.import_per_kwh * share for step, share in zip(steps, shares, strict=True)) / hours,
        export_per_kwh=sum(step.priced.export_per_kwh * share for step, share in zip(steps, shares, strict=True)) / hours,
        provenance=weakest(step.priced.provenance for step in steps),
        energies=whole,
        flows=split,
        intent=intent(split, hours),
        cost=cost,
        wear=sum(_wear(step, share) for step, share in zip(steps, shares, strict=True)),
        stored_kwh=_stored(plan, steps[-1], slot.end),
    )


def _share(step: PlanStep, begin: datetime, end: datetime) -> float:
    """Return the hours of a step that lie in a span."""
    inside = min(step.priced.slot.end, end) - max(step.priced.slot.start, begin)
    return inside.total_seconds() / 3600


def _energies(step: PlanStep, hours: float) -> Energies:
    return Energies(
        solar_kwh=(step.solar_kw - step.curtailed_kw) * hours,
        load_kwh=step.load_kw * hours,
        import_kwh=step.import_kw * hours,
        export_kwh=step.export_kw * hours,
        charge_kwh=step.charge_kw * hours,
        discharge_kwh=step.discharge_kw * hours,
    )


def _wear(step: PlanStep, hours: float) -> float:
    """Return the share of a step's cost that is no cash."""
    cash_per_hour = step.import_kw * step.priced.import_per_kwh - step.export_kw * step.priced.export_per_kwh
    return step.cost * hours / step.priced.slot.hours - cash_per_hour * hours


def _stored(plan: Plan, last: PlanStep, end: datetime) -> float:
    """Return the charge at an instant within a step: it moves evenly from the step before to its own end."""
    n = plan.steps.index(last)
    before = plan.steps[n - 1].stored_kwh if n else plan.start_kwh
    share = (end - last.priced.slot.start) / (last.priced.slot.end - last.priced.slot.start)
    return before + (last.stored_kwh - before) * share
