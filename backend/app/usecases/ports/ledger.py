"""Where settled slots are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.ledger import SettledSlot
from app.domain.site import SiteId


class Ledger(Protocol):
    """Past slots as settled, every version; the highest holds."""

    def save(self, site: SiteId, slots: Sequence[SettledSlot]) -> int:
        """Store settlements; start and version name one, the first one told is kept; return how many were new."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[SettledSlot]:
        """Return the slots that start in [start, end) as they stand, oldest first."""
        ...

    def first(self, site: SiteId) -> SettledSlot | None:
        """Return the oldest slot."""
        ...

    def last(self, site: SiteId) -> SettledSlot | None:
        """Return the newest slot."""
        ...

    def last_counted(self, site: SiteId, before: datetime) -> SettledSlot | None:
        """Return the newest slot before an instant that counts."""
        ...
