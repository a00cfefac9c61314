"""Tokens, known by their hash only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.access import KnownToken
from app.domain.errors import ConflictError, NotFoundError
from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.models import TokenRow
from app.storage.upsert import insert_once


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token with its life."""

    token: KnownToken
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenStore:
    """The tokens of a site."""

    database: Database

    def create(self, site: SiteId, token: KnownToken, created_at: datetime) -> None:
        """Store a token.

        Raises:
            ConflictError: the name was used before, even if that token is revoked; or the hash was.
        """
        row = {"name": token.name, "role": token.role, "sha256": token.sha256, "created_at": created_at, "revoked_at": None}
        if not self.database.write(lambda session: insert_once(session, TokenRow, [{"site": site, **row}])):
            raise ConflictError(f"there is or was a token {token.name}: choose another name")

    def active(self, site: SiteId) -> list[KnownToken]:
        """Return the tokens that open the door, by name."""
        return [stored.token for stored in self.all(site) if stored.revoked_at is None]

    def all(self, site: SiteId) -> list[StoredToken]:
        """Return every token there ever was, by name."""
        asked = select(TokenRow).where(TokenRow.site == site).order_by(TokenRow.name)
        return self.database.read(lambda session: [_token(row) for row in session.scalars(asked)])

    def revoke(self, site: SiteId, name: str, revoked_at: datetime) -> None:
        """Shut a token out for good; the first time counts.

        Raises:
            NotFoundError: no such token.
        """
        self.database.write(lambda session: _revoke(session, site, name, revoked_at))


def _revoke(session: Session, site: SiteId, name: str, revoked_at: datetime) -> None:
    named = (TokenRow.site == site, TokenRow.name == name)
    if session.scalar(select(TokenRow.name).where(*named)) is None:
        raise NotFoundError(f"{site} has no token {name}")
    session.execute(update(TokenRow).where(*named, TokenRow.revoked_at.is_(None)).values(revoked_at=revoked_at))


def _token(row: TokenRow) -> StoredToken:
    token = KnownToken(name=row.name, role=row.role, sha256=row.sha256)
    return StoredToken(token=token, created_at=row.created_at, revoked_at=row.revoked_at)
