"""Where decisions are kept."""

from datetime import datetime
from typing import Protocol

from app.domain.decision import Decision, Outcome
from app.domain.site import SiteId


class Decisions(Protocol):
    """Every decision and what became of it."""

    def save(self, decision: Decision) -> None:
        """Store a decision; the same id is stored once."""
        ...

    def get(self, site: SiteId, decision_id: str) -> Decision:
        """Return a decision with its outcomes.

        Raises:
            NotFoundError: no such decision.
        """
        ...

    def latest(self, site: SiteId, before: datetime) -> Decision | None:
        """Return the decision made last at or before an instant."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[Decision]:
        """Return the decisions whose slot starts in [start, end), oldest first, with outcomes."""
        ...

    def add_outcome(self, site: SiteId, decision_id: str, outcome: Outcome) -> None:
        """Append an outcome; the same report is stored once.

        Raises:
            NotFoundError: no such decision.
        """
        ...
