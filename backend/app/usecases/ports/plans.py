"""Where plans are kept."""

from datetime import datetime
from typing import Protocol

from app.domain.plan import Plan
from app.domain.site import SiteId


class Plans(Protocol):
    """Every plan as made."""

    def save(self, plan: Plan) -> None:
        """Store a plan with its steps; the same id is stored once."""
        ...

    def get(self, site: SiteId, plan_id: str) -> Plan:
        """Return a plan.

        Raises:
            NotFoundError: no such plan.
        """
        ...

    def latest(self, site: SiteId, before: datetime) -> Plan | None:
        """Return the plan made last at or before an instant."""
        ...
