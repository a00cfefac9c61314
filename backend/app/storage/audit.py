"""The log of every change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.site_models import AuditRow


@dataclass(frozen=True, slots=True)
class AuditStore:
    """The log. It can be added to and read, nothing else."""

    database: Database

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        """Append an entry."""
        self.database.write(lambda session: append(session, site, entry))

    def between(self, site: SiteId, start: datetime, end: datetime, *, newest: int | None = None) -> list[AuditEntry]:
        """Return the entries of [start, end), or the newest so many of them, oldest first, those of one instant as they were added."""
        rows = select(AuditRow).where(AuditRow.site == site, AuditRow.at >= start, AuditRow.at < end)
        asked = rows.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(newest)
        return self.database.read(lambda session: [_entry(row) for row in session.scalars(asked)])[::-1]


def append(session: Session, site: SiteId, entry: AuditEntry) -> None:
    """Append an entry in the transaction of the change it tells."""
    row = {"at": entry.at, "actor": entry.actor, "action": entry.action, "subject": entry.subject, "detail": entry.detail}
    session.execute(insert(AuditRow).values(site=site, **row))


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(at=row.at, actor=row.actor, action=row.action, subject=row.subject, detail=row.detail)
