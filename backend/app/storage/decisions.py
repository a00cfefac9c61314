"""Decisions as made, and what became of them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.asset import BATTERY, AssetId
from app.domain.decision import Alternative, Command, Decision, Explanation, Limit, Outcome, PriceNow, Wording, battery_order
from app.domain.errors import NotFoundError
from app.domain.order import Order
from app.domain.site import Mode, SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.models import DecisionRow, OutcomeRow
from app.storage.upsert import Values, insert_once

SAME = (
    *("id", "site", "plan_id", "decided_at", "valid_until", "reason_code", "reason"),
    *("plan_source", "status", "expected_soc_pct", "stored_kwh_value", "currency", "cause", "fingerprint"),
)
SAME_IN_WORDING = ("label", "discharge_current_a")
SAME_IN_ORDER = ("asset", "verb", "power_kw", "target_soc_pct")
SAME_IN_COLUMNS = ("mode", "power_kw", "target_soc_pct")
SAME_IN_COMMAND = (*SAME_IN_COLUMNS, "export_limit_kw")
SAME_IN_PRICE = ("import_per_kwh", "export_per_kwh", "price_class", "provenance")
SAME_IN_OUTCOME = ("status", "at", "reported_by", "mode_read_back", "battery_kw", "soc_pct", "detail", "asset", "evidence")


@dataclass(frozen=True, slots=True)
class DecisionStore:
    """Every decision; none is ever changed, only outcomes are added."""

    database: Database

    def save(self, decision: Decision) -> None:
        """Store a decision; the same id is stored once."""
        self.database.write(lambda session: _save(session, decision))

    def get(self, site: SiteId, decision_id: str) -> Decision:
        """Return a decision with its outcomes.

        Raises:
            NotFoundError: no such decision, or it is older than decisions are kept.
        """
        found = self._all(_named(site, decision_id))
        if not found:
            raise NotFoundError(f"{site} has no decision {decision_id}")
        return found[0]

    def latest(self, site: SiteId, before: datetime) -> Decision | None:
        """Return the decision made last at or before an instant; of two at once, the one with the higher id."""
        made = select(DecisionRow).where(DecisionRow.site == site, DecisionRow.decided_at <= before)
        found = self._all(made.order_by(DecisionRow.decided_at.desc(), DecisionRow.id.desc()).limit(1))
        return found[0] if found else None

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[Decision]:
        """Return the decisions whose slot starts in [start, end), oldest first, with outcomes."""
        made = select(DecisionRow).where(DecisionRow.site == site, DecisionRow.slot_start >= start, DecisionRow.slot_start < end)
        return self._all(made.order_by(DecisionRow.slot_start, DecisionRow.decided_at, DecisionRow.id))

    def add_outcome(self, site: SiteId, decision_id: str, outcome: Outcome) -> None:
        """Append an outcome; executor, instant and status name a report, which is stored once.

        Raises:
            NotFoundError: no such decision, or it is older than decisions are kept.
        """
        self.database.write(lambda session: _add(session, site, decision_id, outcome))

    def _all(self, asked: Select[DecisionRow]) -> list[Decision]:
        return self.database.read(lambda session: [_decision(row) for row in session.scalars(asked)])


def _named(site: SiteId, decision_id: str) -> Select[DecisionRow]:
    return select(DecisionRow).where(DecisionRow.site == site, DecisionRow.id == decision_id)


def _save(session: Session, decision: Decision) -> None:
    if insert_once(session, DecisionRow, [_values(decision)]):
        outcomes = [_outcome_values(decision.site, decision.id, outcome) for outcome in decision.outcomes]
        insert_once(session, OutcomeRow, outcomes)


def _add(session: Session, site: SiteId, decision_id: str, outcome: Outcome) -> None:
    if session.scalar(_named(site, decision_id)) is None:
        raise NotFoundError(f"{site} has no decision {decision_id}")
    insert_once(session, OutcomeRow, [_outcome_values(site, decision_id, outcome)])


def _values(decision: Decision) -> Values:
    return {
        **{name: getattr(decision, name) for name in (*SAME, *SAME_IN_WORDING)},
        **{name: getattr(decision.command, name) for name in SAME_IN_COLUMNS},
        **{name: getattr(decision.price, name) for name in SAME_IN_PRICE},
        "slot_start": decision.slot.start,
        "slot_end": decision.slot.end,
        "orders": [_order_values(order) for order in decision.orders],
        "alternatives": [_written(alternative) for alternative in decision.alternatives],
        "explanation": None if decision.explanation is None else asdict(decision.explanation),
    }


def _outcome_values(site: SiteId, decision_id: str, outcome: Outcome) -> Values:
    return {"site": site, "decision_id": decision_id} | {name: getattr(outcome, name) for name in SAME_IN_OUTCOME}


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        slot=Slot(row.slot_start, row.slot_end),
        orders=_orders(row),
        wording=Wording(label=row.label, discharge_current_a=row.discharge_current_a),
        price=PriceNow(**{name: getattr(row, name) for name in SAME_IN_PRICE}),
        alternatives=tuple(map(_read, row.alternatives)),
        explanation=None if row.explanation is None else _explanation(row.explanation),
        outcomes=tuple(map(_outcome, row.outcomes)),
        **{name: getattr(row, name) for name in SAME},
    )


def _orders(row: DecisionRow) -> tuple[Order, ...]:
    """Return every order; of a decision from before orders were kept, the battery's."""
    if row.orders is None:
        command = Command(mode=row.mode, power_kw=row.power_kw, target_soc_pct=row.target_soc_pct)
        return (battery_order(command, lease_until=row.valid_until),)
    return tuple(Order(**each | {"lease_until": datetime.fromisoformat(each["lease_until"])}) for each in row.orders)


def _order_values(order: Order) -> Values:
    return {name: getattr(order, name) for name in SAME_IN_ORDER} | {"lease_until": order.lease_until.isoformat()}


def _outcome(row: OutcomeRow) -> Outcome:
    kept = {name: getattr(row, name) for name in SAME_IN_OUTCOME}
    return Outcome(**kept | {"asset": BATTERY if row.asset is None else AssetId(row.asset)})


def _explanation(written: dict[str, Any]) -> Explanation:
    return Explanation(**written | {"binding_limit": Limit(written["binding_limit"])})


def _written(alternative: Alternative) -> Values:
    command = {name: getattr(alternative.command, name) for name in SAME_IN_COMMAND}
    return command | {"extra_cost": alternative.extra_cost, "why_not": alternative.why_not}


def _read(written: dict[str, Any]) -> Alternative:
    command = Command(mode=Mode(written["mode"]), **{name: written.get(name) for name in SAME_IN_COMMAND if name != "mode"})
    return Alternative(command=command, extra_cost=written["extra_cost"], why_not=written["why_not"])
