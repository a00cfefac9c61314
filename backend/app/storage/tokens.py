"""Tokens, known by their hash only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.access import KnownToken
from app.domain.audit import AuditEntry
from app.domain.errors import ConflictError, NotFoundError
from app.domain.site import SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.site_models import TokenRow
from app.storage.upsert import insert_once


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token with its life."""

    token: KnownToken
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenStore:
    """The tokens of every site, and those that are for all of them."""

    database: Database

    def create(self, token: KnownToken, entry: AuditEntry) -> None:
        """Store a token, created when its entry in the log says; both or neither.

        Raises:
            ConflictError: the name was used before, even if that token is revoked; or the hash was.
        """
        row = {"name": token.name, "role": token.role, "sha256": token.sha256, "created_at": entry.at, "revoked_at": None}
        if not self.database.write(lambda session: _create(session, {"site": token.site, **row}, entry)):
            raise ConflictError(f"there is or was a token {token.name}: choose another name")

    def active(self) -> list[KnownToken]:
        """Return the tokens that open a door, by name."""
        return [stored.token for stored in self.all() if stored.revoked_at is None]

    def all(self) -> list[StoredToken]:
        """Return every token there ever was, by name."""
        asked = select(TokenRow).order_by(TokenRow.name)
        return self.database.read(lambda session: [_token(row) for row in session.scalars(asked)])

    def revoke(self, name: str, entry: AuditEntry) -> None:
        """Shut a token out for good, and log it with that; the first time counts.

        Raises:
            NotFoundError: no such token.
        """
        self.database.write(lambda session: _revoke(session, name, entry))


def _create(session: Session, row: dict[str, object], entry: AuditEntry) -> bool:
    taken = session.scalar(select(TokenRow.name).where((TokenRow.name == row["name"]) | (TokenRow.sha256 == row["sha256"])))
    if taken is not None or not insert_once(session, TokenRow, [row]):
        return False
    append(session, SiteId(str(row["site"])), entry)
    return True


def _revoke(session: Session, name: str, entry: AuditEntry) -> None:
    found = session.scalar(select(TokenRow).where(TokenRow.name == name).with_for_update())
    if found is None:
        raise NotFoundError(f"there is no token {name}")
    if found.revoked_at is None:
        session.execute(update(TokenRow).where(TokenRow.name == name).values(revoked_at=entry.at))
        append(session, SiteId(found.site), entry)


def _token(row: TokenRow) -> StoredToken:
    token = KnownToken(name=row.name, role=row.role, sha256=row.sha256, site=SiteId(row.site))
    return StoredToken(token=token, created_at=row.created_at, revoked_at=row.revoked_at)
