"""Where what people forced is kept."""

from datetime import datetime
from typing import Protocol

from app.domain.audit import AuditEntry
from app.domain.decision import Override
from app.domain.site import SiteId
from app.domain.slot import Slot


class Overrides(Protocol):
    """What people forced. A change and its entry in the log are stored together."""

    def put(self, site: SiteId, override: Override, entry: AuditEntry) -> None:
        """Store an override, replacing one that starts at the same instant."""
        ...

    def remove(self, site: SiteId, start: datetime, entry: AuditEntry) -> None:
        """Delete the override that starts at an instant.

        Raises:
            NotFoundError: none starts then.
        """
        ...

    def between(self, site: SiteId, span: Slot) -> list[Override]:
        """Return the overrides that touch a span, oldest first."""
        ...
