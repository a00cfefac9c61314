"""Where measurements are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.reading import Quantity, Reading
from app.domain.site import SiteId


class Readings(Protocol):
    """The measurement history."""

    def save(self, site: SiteId, readings: Sequence[Reading]) -> int:
        """Store readings once each: device, quantity and instant name one; return how many were new."""
        ...

    def latest(self, site: SiteId, quantities: Sequence[Quantity], until: datetime) -> dict[Quantity, Reading]:
        """Return the newest reading of each quantity up to an instant, missing ones included."""
        ...

    def good(
        self, site: SiteId, quantities: Sequence[Quantity], since: datetime, now: datetime, until: datetime
    ) -> dict[Quantity, Reading]:
        """Return the newest good reading of [since, now] of each quantity; where there is none, the first good one of (now, until]."""
        ...

    def before(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the newest good and suspect readings of a span, oldest first: what a reading at its end is judged by."""
        ...

    def between(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the good readings of a span, oldest first."""
        ...
