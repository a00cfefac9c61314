"""What people forced."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.decision import Command, Override
from app.domain.errors import NotFoundError
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.storage.audit import append
from app.storage.database import Database
from app.storage.models import OverrideRow
from app.storage.upsert import Values, upsert


@dataclass(frozen=True, slots=True)
class OverrideStore:
    """The overrides of a site, one per start. A change and its entry in the log are stored together."""

    database: Database

    def put(self, site: SiteId, override: Override, entry: AuditEntry) -> None:
        """Store an override, replacing one that starts at the same instant."""

        def work(session: Session) -> None:
            upsert(session, OverrideRow, [_values(site, override)])
            append(session, site, entry)

        self.database.write(work)

    def remove(self, site: SiteId, start: datetime, entry: AuditEntry) -> None:
        """Delete the override that starts at an instant.

        Raises:
            NotFoundError: none starts then.
        """
        self.database.write(lambda session: _remove(session, site, start, entry))

    def between(self, site: SiteId, span: Slot) -> list[Override]:
        """Return the overrides that touch a span, oldest first."""
        touching = select(OverrideRow).where(OverrideRow.site == site, OverrideRow.start < span.end, OverrideRow.end > span.start)
        return self.database.read(lambda session: [_override(row) for row in session.scalars(touching.order_by(OverrideRow.start))])


def _remove(session: Session, site: SiteId, start: datetime, entry: AuditEntry) -> None:
    named = (OverrideRow.site == site, OverrideRow.start == start)
    if session.scalar(select(OverrideRow).where(*named).with_for_update()) is None:
        raise NotFoundError(f"{site} has no override from {start:%Y-%m-%d %H:%M} UTC")
    session.execute(delete(OverrideRow).where(*named), execution_options={"synchronize_session": False})
    append(session, site, entry)


def _values(site: SiteId, override: Override) -> Values:
    return {
        "site": site,
        "start": override.span.start,
        "end": override.span.end,
        "mode": override.command.mode,
        "power_kw": override.command.power_kw,
        "target_soc_pct": override.command.target_soc_pct,
        "set_by": override.set_by,
        "set_at": override.set_at,
        "note": override.note,
    }


def _override(row: OverrideRow) -> Override:
    command = Command(mode=row.mode, power_kw=row.power_kw, target_soc_pct=row.target_soc_pct)
    return Override(span=Slot(row.start, row.end), command=command, set_by=row.set_by, set_at=row.set_at, note=row.note)
