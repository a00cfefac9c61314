"""Settings people changed, with every earlier version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.domain.errors import ConflictError
from app.domain.setting import NEVER_SET, Setting
from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.site_models import SettingRow
from app.storage.upsert import insert_once


@dataclass(frozen=True, slots=True)
class SettingStore:
    """The settings of a site that differ from the configuration."""

    database: Database

    def get(self, site: SiteId, name: str) -> Setting | None:
        """Return the version that holds; None when nobody ever changed it."""
        found = self._all(_versions(site, name).order_by(SettingRow.version.desc()).limit(1))
        return found[0] if found else None

    def put(self, site: SiteId, name: str, value: Mapping[str, object], *, expected_version: int, set_by: str, set_at: datetime) -> Setting:
        """Store a new version on top of the one the caller has seen (`NEVER_SET` for none), and return it.

        Raises:
            ConflictError: somebody else changed it first.
        """
        setting = Setting(name=name, version=expected_version + 1, value=value, set_by=set_by, set_at=set_at)
        self.database.write(lambda session: _put(session, site, setting))
        return setting

    def history(self, site: SiteId, name: str) -> list[Setting]:
        """Return every version, oldest first."""
        return self._all(_versions(site, name).order_by(SettingRow.version))

    def all(self, site: SiteId) -> dict[str, Setting]:
        """Return the version that holds of everything anybody changed, by name."""
        newest = select(SettingRow.name, func.max(SettingRow.version).label("version")).where(SettingRow.site == site)
        held = newest.group_by(SettingRow.name).subquery()
        holds = (SettingRow.name == held.c.name) & (SettingRow.version == held.c.version)
        found = self._all(select(SettingRow).join(held, holds).where(SettingRow.site == site).order_by(SettingRow.name))
        return {setting.name: setting for setting in found}

    def _all(self, asked: Select[SettingRow]) -> list[Setting]:
        return self.database.read(lambda session: [_setting(row) for row in session.scalars(asked)])


def _put(session: Session, site: SiteId, setting: Setting) -> None:
    seen = setting.version - 1
    newest = session.scalar(select(func.max(SettingRow.version)).where(SettingRow.site == site, SettingRow.name == setting.name))
    row = {
        "site": site,
        "name": setting.name,
        "version": setting.version,
        "value": dict(setting.value),
        "set_by": setting.set_by,
        "set_at": setting.set_at,
    }
    if (newest or NEVER_SET) != seen or not insert_once(session, SettingRow, [row]):
        raise ConflictError(f"the {setting.name} settings are no longer at version {seen}: somebody changed them")


def _versions(site: SiteId, name: str) -> Select[SettingRow]:
    return select(SettingRow).where(SettingRow.site == site, SettingRow.name == name)


def _setting(row: SettingRow) -> Setting:
    return Setting(name=row.name, version=row.version, value=row.value, set_by=row.set_by, set_at=row.set_at)
