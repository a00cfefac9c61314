"""Rounds: what the service does by itself, in what order and how often."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.decision import Decision
from app.domain.errors import OptimizerError
from app.domain.site import HOME, Site, SiteId
from app.fleet.drive import Drive
from app.fleet.watch import Watch
from app.usecases import ports
from app.usecases.execute import Execute
from app.usecases.ingest import Ingest
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.settle import GRACE, Settle
from app.usecases.sunshine import Sunshine

log = logging.getLogger(__name__)

PRICES_EVERY = timedelta(minutes=30)
PRICES_AGAIN = timedelta(minutes=10)
"""While published prices are late or the source is away."""
STATE_EVERY = timedelta(minutes=1)
DECISION_EVERY = timedelta(minutes=5)
DRIVE_EVERY = timedelta(seconds=20)
"""A dongle that did not do as told is told again this soon."""
SUNSHINE_EVERY = timedelta(minutes=10)
"""Looks whether the solar source may be asked again; how often it is asked is its own allowance."""
HISTORY_EVERY = timedelta(hours=6)
SETTLE_EVERY = timedelta(minutes=30)
WATCH_EVERY = timedelta(seconds=10)
"""Whom the broker refused; every turn of the rounds looks."""
PRUNE_EVERY = timedelta(days=1)
HISTORY_DAYS = 8
REVOKED_EVERY = timedelta(minutes=1)
"""Looks whether the broker's list is what the database holds and fresh; one that could not be written or was lost comes so, too."""


@dataclass(slots=True)
class Rounds:
    """Keeps every site's prices, readings and decision fresh. A duty that fails is logged and does not stop the next."""

    sites: Mapping[SiteId, Site]
    refresh: Refresh
    ingest: Ingest
    recommend: Recommend
    execute: Execute
    prune: Callable[[datetime], object]
    actuator: ports.Actuator | None = None
    sunshine: Sunshine | None = None
    settle: Settle | None = None
    drive: Drive | None = None
    watch: Watch | None = None
    is_dry_run: Callable[[SiteId], bool] = lambda _: False
    done: dict[tuple[SiteId, str], datetime] = field(default_factory=dict)
    carried_out: dict[SiteId, str] = field(default_factory=dict)
    publish_revoked: Callable[[datetime], object] = lambda _: None

    def turn(self, now: datetime) -> None:
        """Do everything that is due."""
        if self.watch is not None:
            watch = self.watch
            self._when_due(HOME, "watch", now, WATCH_EVERY, lambda _: watch.turn(now))
        for site in self.sites:
            self._when_due(site, "prices", now, self._prices_every(site), lambda s: self.refresh.run(s, now))
            self._when_due(site, "history", now, HISTORY_EVERY, lambda s: self.ingest.backfill(s, now, days=HISTORY_DAYS))
            self._when_due(site, "state", now, STATE_EVERY, lambda s: self.ingest.look(s, now))
            self._when_due(site, "sunshine", now, SUNSHINE_EVERY, lambda s: self._look_at_the_sun(s, now))
            self._when_due(site, "decision", now, DECISION_EVERY, lambda s: self._decide(s, now))
            self._when_due(site, "drive", now, DRIVE_EVERY, lambda s: self._drive(s, now))
            self._when_due(site, "ledger", now - GRACE, SETTLE_EVERY, lambda s: self._settle(s, now))
            self._when_due(site, "prune", now, PRUNE_EVERY, lambda _: self.prune(now))
            self._when_due(site, "revoked", now, REVOKED_EVERY, lambda _: self.publish_revoked(now))

    def _when_due(self, site: SiteId, duty: str, now: datetime, every: timedelta, work: Callable[[SiteId], object]) -> None:
        """Work if the current period of the duty's rhythm has not been served; rhythms are aligned to the clock."""
        period = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), now.tzinfo)
        done = self.done.get((site, duty))
        if done is not None and period <= done <= now:
            return
        self.done[site, duty] = period
        try:
            work(site)
        except OptimizerError as error:
            log.warning("site %s: %s: %s", site, duty, error)

    def _prices_every(self, site: SiteId) -> timedelta:
        last = self.refresh.last.get(site)
        return PRICES_AGAIN if last is not None and (last.error or last.missing) else PRICES_EVERY

    def _look_at_the_sun(self, site: SiteId, now: datetime) -> None:
        if self.sunshine is not None:
            self.sunshine.refresh(self.sites[site], now)

    def _decide(self, site: SiteId, now: datetime) -> None:
        decision = self.recommend.now(site, now)
        if self.actuator is not None and not self.is_dry_run(site):
            self._carry_out(site, decision, now, self.actuator)

    def _drive(self, site: SiteId, now: datetime) -> None:
        decision = self.recommend.journal.last_decision(site, now)
        if self.drive is not None and decision is not None:
            self.drive.turn(self.sites[site], decision, self.recommend.journal.last_plan(site, now), now)

    def _settle(self, site: SiteId, now: datetime) -> None:
        if self.settle is not None:
            self.settle.run(site, now)

    def _carry_out(self, site: SiteId, decision: Decision, now: datetime, actuator: ports.Actuator) -> None:
        """Carry a decision out once, and report what came of it."""
        if self.carried_out.get(site) == decision.id:
            return
        self.execute.report(site, decision.id, actuator.carry_out(decision, now))
        self.carried_out[site] = decision.id
