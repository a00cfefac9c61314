"""Where changed settings are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from app.domain.setting import Setting
from app.domain.site import SiteId


class Settings(Protocol):
    """What people changed while the service ran."""

    def get(self, site: SiteId, name: str) -> Setting | None:
        """Return the version that holds; None when nobody ever changed it."""
        ...

    def put(self, site: SiteId, name: str, value: Mapping[str, object], *, expected_version: int, set_by: str, set_at: datetime) -> Setting:
        """Store a new version on top of the one the caller has seen.

        Raises:
            ConflictError: somebody else changed it first.
        """
        ...
