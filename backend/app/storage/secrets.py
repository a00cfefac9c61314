"""Secrets of houses, as they were encrypted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.description import SealedSecret
from app.domain.errors import NotFoundError
from app.domain.site import SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.site_models import SecretRow
from app.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The secrets of every house; only what is encrypted comes here."""

    database: Database

    def all(self, site: SiteId) -> Sequence[SealedSecret]:
        """Return the secrets of a house, by name."""
        asked = select(SecretRow).where(SecretRow.site == site).order_by(SecretRow.name)
        return self.database.read(lambda session: [_secret(row) for row in session.scalars(asked)])

    def marks(self) -> Mapping[SiteId, str]:
        """Return what tells the present secrets of each house from those of another moment."""
        asked = select(SecretRow.site, func.count(), func.max(SecretRow.set_at)).group_by(SecretRow.site)
        return self.database.read(lambda session: {SiteId(site): f"{count} {last}" for site, count, last in session.execute(asked)})

    def put(self, site: SiteId, secret: SealedSecret, entry: AuditEntry) -> None:
        """Store a secret in place of the one before, and the entry with it."""
        self.database.write(lambda session: _put(session, site, secret, entry))

    def remove(self, site: SiteId, name: str, entry: AuditEntry) -> None:
        """Forget a secret.

        Raises:
            NotFoundError: no such secret.
        """
        self.database.write(lambda session: _remove(session, site, name, entry))


def _put(session: Session, site: SiteId, secret: SealedSecret, entry: AuditEntry) -> None:
    row = {"site": site, "name": secret.name, "sealed": secret.sealed, "set_by": secret.set_by, "set_at": secret.set_at}
    upsert(session, SecretRow, [row])
    append(session, site, entry)


def _remove(session: Session, site: SiteId, name: str, entry: AuditEntry) -> None:
    gone = session.execute(delete(SecretRow).where(SecretRow.site == site, SecretRow.name == name))
    if not isinstance(gone, CursorResult) or not gone.rowcount:
        raise NotFoundError(f"{site} has no secret {name}")
    append(session, site, entry)


def _secret(row: SecretRow) -> SealedSecret:
    return SealedSecret(name=row.name, sealed=row.sealed, set_by=row.set_by, set_at=row.set_at)
