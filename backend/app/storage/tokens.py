"""Tokens, known by their hash only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.access import KnownToken
from app.domain.errors import ConflictError, NotFoundError
from app.domain.site import SiteId
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

    def create(self, token: KnownToken, created_at: datetime) -> None:
        """Store a token.

        Raises:
            ConflictError: the name was used before, even if that token is revoked; or the hash was.
        """
        row = {"name": token.name, "role": token.role, "sha256": token.sha256, "created_at": created_at, "revoked_at": None}
        if not self.database.write(lambda session: _create(session, {"site": token.site, **row})):
            raise ConflictError(f"there is or was a token {token.name}: choose another name")

    def active(self) -> list[KnownToken]:
        """Return the tokens that open a door, by name."""
        return [stored.token for stored in self.all() if stored.revoked_at is None]

    def all(self) -> list[StoredToken]:
        """Return every token there ever was, by name."""
        asked = select(TokenRow).order_by(TokenRow.name)
        return self.database.read(lambda session: [_token(row) for row in session.scalars(asked)])

    def revoke(self, name: str, revoked_at: datetime) -> None:
        """Shut a token out for good; the first time counts.

        Raises:
            NotFoundError: no such token.
        """
        self.database.write(lambda session: _revoke(session, name, revoked_at))


def _create(session: Session, row: dict[str, object]) -> int:
    taken = session.scalar(select(TokenRow.name).where((TokenRow.name == row["name"]) | (TokenRow.sha256 == row["sha256"])))
    return insert_once(session, TokenRow, [row]) if taken is None else 0


def _revoke(session: Session, name: str, revoked_at: datetime) -> None:
    if session.scalar(select(TokenRow.name).where(TokenRow.name == name)) is None:
        raise NotFoundError(f"there is no token {name}")
    session.execute(update(TokenRow).where(TokenRow.name == name, TokenRow.revoked_at.is_(None)).values(revoked_at=revoked_at))


def _token(row: TokenRow) -> StoredToken:
    token = KnownToken(name=row.name, role=row.role, sha256=row.sha256, site=SiteId(row.site))
    return StoredToken(token=token, created_at=row.created_at, revoked_at=row.revoked_at)
