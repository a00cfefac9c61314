"""Documents of houses, every version, beside the settings people changed before there were any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.description import Description
from app.domain.errors import OutdatedError
from app.domain.site import SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.site_models import SettingRow
from app.storage.upsert import insert_once

GROUP = "site"
"""The group of settings that is the document."""


@dataclass(frozen=True, slots=True)
class DescriptionStore:
    """Every version of every house's document; none is ever changed."""

    database: Database

    def versions(self) -> Mapping[SiteId, int]:
        """Return the version that holds, of every house."""
        asked = select(SettingRow.site, func.max(SettingRow.version)).where(SettingRow.name == GROUP).group_by(SettingRow.site)
        return self.database.read(lambda session: {SiteId(site): version for site, version in session.execute(asked)})

    def newest(self) -> Sequence[Description]:
        """Return the version that holds of every house, by name."""
        top = select(SettingRow.site, func.max(SettingRow.version).label("version")).where(SettingRow.name == GROUP)
        top_of = top.group_by(SettingRow.site).subquery()
        holds = (SettingRow.site == top_of.c.site) & (SettingRow.version == top_of.c.version)
        return self._all(select(SettingRow).join(top_of, holds).where(SettingRow.name == GROUP).order_by(SettingRow.site))

    def get(self, site: SiteId) -> Description | None:
        """Return the version that holds; None where there is no such house."""
        found = self._all(_of(site).order_by(SettingRow.version.desc()).limit(1))
        return found[0] if found else None

    def history(self, site: SiteId) -> Sequence[Description]:
        """Return every version, oldest first."""
        return self._all(_of(site).order_by(SettingRow.version))

    def put(self, description: Description, entry: AuditEntry) -> None:
        """Store a version on top of the one before it, and the entry with it.

        Raises:
            OutdatedError: somebody else changed it first.
        """
        self.database.write(lambda session: _put(session, description, entry))

    def _all(self, asked: Select[SettingRow]) -> list[Description]:
        return self.database.read(lambda session: [_description(row) for row in session.scalars(asked)])


def _put(session: Session, new: Description, entry: AuditEntry) -> None:
    newest = session.scalar(select(func.max(SettingRow.version)).where(SettingRow.site == new.site, SettingRow.name == GROUP))
    row = {"site": new.site, "name": GROUP, "version": new.version, "value": dict(new.value), "set_by": new.set_by, "set_at": new.set_at}
    if (newest or 0) != new.version - 1 or not insert_once(session, SettingRow, [row]):
        raise OutdatedError(f"the document of {new.site} is no longer at version {new.version - 1}: somebody changed it")
    append(session, new.site, entry)


def _of(site: SiteId) -> Select[SettingRow]:
    return select(SettingRow).where(SettingRow.site == site, SettingRow.name == GROUP)


def _description(row: SettingRow) -> Description:
    return Description(site=SiteId(row.site), version=row.version, value=row.value, set_by=row.set_by, set_at=row.set_at)
