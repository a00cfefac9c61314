"""The journal: keeps plans and decisions, in memory too, so that a store that is away costs no answer and no record."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.decision import Decision
from app.domain.errors import OptimizerError, UnavailableError
from app.domain.plan import Plan
from app.domain.site import SiteId
from app.usecases import ports

log = logging.getLogger(__name__)

MOST_WAITING = 2000
"""Records held back while the store is away: a month of half-hours; the oldest would go first."""


@dataclass(slots=True)
class Journal:
    """Writes plans and decisions, later if need be; remembers the last of each site."""

    plans: ports.Plans
    decisions: ports.Decisions
    waiting: deque[Plan | Decision] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    remembered_plans: dict[SiteId, Plan] = field(default_factory=dict)
    remembered_decisions: dict[SiteId, Decision] = field(default_factory=dict)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def keep_plan(self, plan: Plan) -> None:
        """Store a plan, after everything that still waits."""
        self.remembered_plans[plan.site] = plan
        self._write(plan)

    def keep(self, decision: Decision) -> None:
        """Store a decision, after everything that still waits."""
        self.remembered_decisions[decision.site] = decision
        self._write(decision)

    def last_plan(self, site: SiteId, now: datetime) -> Plan | None:
        """Return the last plan, from memory or from the store."""
        if site not in self.remembered_plans:
            plan = self._read(lambda: self.plans.latest(site, now))
            if plan is not None:
                self.remembered_plans.setdefault(site, plan)  # meanwhile there may be a newer one
        return self.remembered_plans.get(site)

    def last_decision(self, site: SiteId, now: datetime) -> Decision | None:
        """Return the last decision, from memory or from the store."""
        if site not in self.remembered_decisions:
            decision = self._read(lambda: self.decisions.latest(site, now))
            if decision is not None:
                self.remembered_decisions.setdefault(site, decision)
        return self.remembered_decisions.get(site)

    def flush(self) -> None:
        """Write what waits, oldest first; what cannot be written goes on waiting, what the store refuses for good does not."""
        with self.writing:
            while self.waiting:
                try:
                    self._save(self.waiting[0])
                except UnavailableError:
                    return
                except OptimizerError:
                    log.exception("the store refuses %s", self.waiting[0].id)
                self.waiting.popleft()

    def _write(self, record: Plan | Decision) -> None:
        self.waiting.append(record)
        self.flush()

    def _save(self, record: Plan | Decision) -> None:
        if isinstance(record, Plan):
            self.plans.save(record)
        else:
            self.decisions.save(record)

    @staticmethod
    def _read[T](ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except UnavailableError:
            return None
