"""Plans as made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.asset import Trace
from app.domain.errors import NotFoundError
from app.domain.plan import Plan, PlanStep, Violation
from app.domain.price import PricedSlot
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.storage import traces
from app.storage.database import Database
from app.storage.models import PlanRow, PlanStepRow
from app.storage.upsert import Values, insert_once

SAME_IN_PLAN = ("id", "site", "created_at", "source", "status", "fingerprint", "start_kwh", "end_value_per_kwh", "cost", "gap", "solve_s")
SAME_IN_PRICED = ("import_per_kwh", "export_per_kwh", "provenance", "price_class")
SAME_IN_STEP = ("load_kw", "solar_kw", "import_kw", "export_kw", "cost")


@dataclass(frozen=True, slots=True)
class PlanStore:
    """Every plan with its steps; none is ever changed."""

    database: Database

    def save(self, plan: Plan) -> None:
        """Store a plan with its steps; the same id is stored once."""
        self.database.write(lambda session: _save(session, plan))

    def get(self, site: SiteId, plan_id: str) -> Plan:
        """Return a plan.

        Raises:
            NotFoundError: no such plan, or it is older than plans are kept.
        """
        plan = self._first(select(PlanRow).where(PlanRow.site == site, PlanRow.id == plan_id))
        if plan is None:
            raise NotFoundError(f"{site} has no plan {plan_id}")
        return plan

    def latest(self, site: SiteId, before: datetime) -> Plan | None:
        """Return the plan made last at or before an instant; of two at once, the one with the higher id."""
        made = select(PlanRow).where(PlanRow.site == site, PlanRow.created_at <= before)
        return self._first(made.order_by(PlanRow.created_at.desc(), PlanRow.id.desc()).limit(1))

    def _first(self, asked: Select[PlanRow]) -> Plan | None:
        def find(session: Session) -> Plan | None:
            row = session.scalar(asked)
            return None if row is None else _plan(row)

        return self.database.read(find)


def _save(session: Session, plan: Plan) -> None:
    row = {name: getattr(plan, name) for name in SAME_IN_PLAN}
    row |= {"violations": [_written(violation) for violation in plan.violations], "traces": traces.of_others(plan.steps)}
    if insert_once(session, PlanRow, [row]):
        insert_once(session, PlanStepRow, [_step_values(plan, step) for step in plan.steps])


def _step_values(plan: Plan, step: PlanStep) -> Values:
    key: dict[str, object] = {"site": plan.site, "plan_id": plan.id, "start": step.priced.slot.start, "end": step.priced.slot.end}
    priced = {name: getattr(step.priced, name) for name in SAME_IN_PRICED}
    return key | priced | {name: getattr(step, name) for name in SAME_IN_STEP} | traces.of_house(step)


def _plan(row: PlanRow) -> Plan:
    steps = tuple(_step(step, traces.read(step, row.traces, t)) for t, step in enumerate(row.steps))
    return Plan(steps=steps, violations=tuple(map(_read, row.violations)), **{name: getattr(row, name) for name in SAME_IN_PLAN})


def _step(row: PlanStepRow, kept: tuple[Trace, ...]) -> PlanStep:
    priced = PricedSlot(slot=Slot(row.start, row.end), **{name: getattr(row, name) for name in SAME_IN_PRICED})
    return PlanStep(priced=priced, traces=kept, **{name: getattr(row, name) for name in SAME_IN_STEP})


def _written(violation: Violation) -> Values:
    until = None if violation.until is None else violation.until.isoformat()
    return {"limit": violation.limit, "at": violation.at.isoformat(), "amount": violation.amount, "unit": violation.unit, "until": until}


def _read(written: dict[str, Any]) -> Violation:
    at, until = datetime.fromisoformat(written["at"]), written["until"]
    return Violation(**written | {"at": at, "until": None if until is None else datetime.fromisoformat(until)})
