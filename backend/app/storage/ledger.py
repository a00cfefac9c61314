"""Past slots as settled, every version."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from app.domain.ledger import Case, CaseSlot, Energies, Flows, SettledSlot, SlotStatus
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.site_models import LedgerRow
from app.storage.upsert import Values, insert_once

SAME = (
    *("version", "settled_at", "status", "reason", "import_per_kwh", "export_per_kwh", "residual_kwh", "anomaly", "intent"),
    *("cost", "wear", "capacity_kwh", "stored_start_kwh", "stored_end_kwh", "mode", "plan_source"),
)
SAME_IN_ENERGIES = tuple(each.name for each in fields(Energies))
SAME_IN_FLOWS = tuple(each.name for each in fields(Flows))
COUNTS = [status for status in SlotStatus if status.counts]


@dataclass(frozen=True, slots=True)
class LedgerStore:
    """Every settlement of every slot. A version is never changed; the highest holds."""

    database: Database

    def save(self, site: SiteId, slots: Sequence[SettledSlot]) -> int:
        """Store settlements, all or none; return how many were new. Start and version name one; the first one told is kept."""
        rows = [_values(site, slot) for slot in slots]
        return self.database.write(lambda session: insert_once(session, LedgerRow, rows)) if rows else 0

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[SettledSlot]:
        """Return the slots that start in [start, end) as they stand, oldest first."""
        newest: dict[datetime, SettledSlot] = {}
        for slot in self.versions(site, start, end):
            newest[slot.slot.start] = slot
        return list(newest.values())

    def versions(self, site: SiteId, start: datetime, end: datetime) -> list[SettledSlot]:
        """Return every version of the slots that start in [start, end), by slot, oldest version first."""
        rows = _rows(site).where(LedgerRow.start >= start, LedgerRow.start < end)
        return self._all(rows.order_by(LedgerRow.start, LedgerRow.version))

    def first(self, site: SiteId) -> SettledSlot | None:
        """Return the oldest slot."""
        return self._one(_rows(site).order_by(LedgerRow.start, LedgerRow.version.desc()))

    def last(self, site: SiteId) -> SettledSlot | None:
        """Return the newest slot."""
        return self._one(_rows(site).order_by(LedgerRow.start.desc(), LedgerRow.version.desc()))

    def last_counted(self, site: SiteId, before: datetime) -> SettledSlot | None:
        """Return the newest slot before an instant that counts: baselines go on from there."""
        rows = _rows(site).where(LedgerRow.start < before, LedgerRow.status.in_(COUNTS))
        return self._one(rows.order_by(LedgerRow.start.desc(), LedgerRow.version.desc()))

    def _one(self, asked: Select[Any]) -> SettledSlot | None:
        found = self._all(asked.limit(1))
        return found[0] if found else None

    def _all(self, asked: Select[Any]) -> list[SettledSlot]:
        return self.database.read(lambda session: [_slot(row) for row in session.execute(asked)])


def _rows(site: SiteId) -> Select[Any]:
    """Ask for plain rows: a year has more of them than an object each is worth."""
    return select(LedgerRow.__table__).where(LedgerRow.site == site)


def _values(site: SiteId, slot: SettledSlot) -> Values:
    energies = {name: None if slot.energies is None else getattr(slot.energies, name) for name in SAME_IN_ENERGIES}
    flows = {name: None if slot.flows is None else getattr(slot.flows, name) for name in SAME_IN_FLOWS}
    return {
        "site": site,
        "start": slot.slot.start,
        "end": slot.slot.end,
        "derived": list(slot.derived),
        "baselines": [asdict(each) for each in slot.baselines],
        **{name: getattr(slot, name) for name in SAME},
        **energies,
        **flows,
    }


def _slot(row: Row[Any]) -> SettledSlot:
    held = row._mapping  # noqa: SLF001 - SQLAlchemy's own way to a row's columns by name
    energies = {name: held[name] for name in SAME_IN_ENERGIES}
    flows = {name: held[name] for name in SAME_IN_FLOWS}
    return SettledSlot(
        slot=Slot(held["start"], held["end"]),
        energies=None if None in energies.values() else Energies(**energies),
        derived=tuple(held["derived"]),
        flows=None if None in flows.values() else Flows(**flows),
        baselines=tuple(_case(each) for each in held["baselines"]),
        **{name: held[name] for name in SAME},
    )


def _case(written: dict[str, Any]) -> CaseSlot:
    return CaseSlot(**written | {"case": Case(written["case"])})
