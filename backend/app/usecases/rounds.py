"""Rounds: what the service does by itself, and how often. Every duty of every house runs beside the others: none waits for another."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.decision import Decision
from app.domain.errors import OptimizerError
from app.domain.plan import PlanSource
from app.domain.site import SiteId
from app.fleet.drive import Drive
from app.fleet.watch import Watch
from app.usecases import ports
from app.usecases.execute import Execute
from app.usecases.home import Home, Homes
from app.usecases.ingest import Ingest
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.settle import GRACE, Settle

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

    homes: Homes
    refresh: Refresh
    ingest: Ingest
    recommend: Recommend
    execute: Execute
    prune: Callable[[datetime], object]
    beside: Callable[[str], Executor]
    """Gives who runs a kind of duty: where a neighbour hangs, the same duty of other houses and the other duties of this one go on."""
    settle: Settle | None = None
    drive: Drive | None = None
    watch: Watch | None = None
    publish_revoked: Callable[[datetime], object] = lambda _: None
    done: dict[tuple[str, str], tuple[datetime, object]] = field(default_factory=dict)
    """By site and duty: the period served last, and for whom it was."""
    carried_out: dict[SiteId, str] = field(default_factory=dict)
    running: dict[tuple[str, str], Future[None]] = field(default_factory=dict)
    """By site and duty: what was begun last."""
    news: dict[SiteId, object] = field(default_factory=dict)
    """By site: stands for the last that came in which a decision should not wait for its rhythm for."""
    has_news: bool = False
    """Whether something came in since the last turn."""
    beginning: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, now: datetime) -> None:
        """Begin everything that is due. A duty that still runs is left to it."""
        with self.beginning:
            self.has_news = False
            self._serve(now)
            for site, home in self.homes.items():
                self._look_after(site, home, now)

    def finish(self, timeout_s: float | None = None) -> bool:
        """Wait until everything that was begun has ended, or for so long; tell whether all did."""
        return not wait(list(self.running.values()), timeout_s).not_done

    def _serve(self, now: datetime) -> None:
        """Begin what is done once for all sites."""
        if self.watch is not None:
            watch = self.watch
            self._when_due(SERVICE, "watch", now, WATCH_EVERY, lambda: watch.turn(now))
        self._when_due(SERVICE, "prune", now, PRUNE_EVERY, lambda: self.prune(now))
        self._when_due(SERVICE, "revoked", now, REVOKED_EVERY, lambda: self.publish_revoked(now))

    def _look_after(self, site: SiteId, home: Home, now: datetime) -> None:
        """Begin what is due for a site; whom to ask anew is asked at once, and news are decided on at once."""
        self._when_due(site, "prices", now, self._prices_every(site), lambda: self._ask_prices(site, now), whom=home.source)
        self._when_due(site, "history", now, HISTORY_EVERY, lambda: self._ask_the_past(site, now), whom=home.house)
        self._when_due(site, "state", now, STATE_EVERY, lambda: self._look(site, now), whom=home.house)
        self._when_due(site, "sunshine", now, SUNSHINE_EVERY, lambda: self._look_at_the_sun(home, now), whom=home.sunshine)
        self._when_due(site, "decision", now, DECISION_EVERY, lambda: self._decide(site, home, now), whom=self.news.get(site))
        self._when_due(site, "drive", now, DRIVE_EVERY, lambda: self._drive(home, now))
        self._when_due(site, "ledger", now - GRACE, SETTLE_EVERY, lambda: self._settle(site, now))

    def _when_due(self, whose: str, duty: str, now: datetime, every: timedelta, work: Callable[[], object], *, whom: object = None) -> None:
        """Begin work if the current period of the duty's rhythm has not been served; rhythms are aligned to the clock."""
        period = datetime.fromtimestamp(now.timestamp() // every.total_seconds() * every.total_seconds(), now.tzinfo)
        done, asked = self.done.get((whose, duty), (None, None))
        last = self.running.get((whose, duty))
        if (done is not None and period <= done <= now and asked is whom) or (last is not None and not last.done()):
            return
        self.done[whose, duty] = period, whom
        self.running[whose, duty] = self.beside(duty).submit(_do, whose, duty, work)

    def _ask_prices(self, site: SiteId, now: datetime) -> None:
        if self.refresh.run(site, now).stored:
            self._tell(site)

    def _ask_the_past(self, site: SiteId, now: datetime) -> None:
        if self.ingest.backfill(site, now, days=HISTORY_DAYS):
            self._tell(site)

    def _look(self, site: SiteId, now: datetime) -> None:
        """Look at the house; as long as there is no plan, each look may bring what is missing."""
        self.ingest.look(site, now)
        last = self.recommend.journal.remembered_decisions.get(site)
        if last is not None and last.plan_source not in {PlanSource.OPTIMIZER, PlanSource.OVERRIDE}:
            self._tell(site)

    def _look_at_the_sun(self, home: Home, now: datetime) -> None:
        if home.sunshine is not None and home.sunshine.refresh(home.site, now):
            self._tell(home.site.id)

    def _tell(self, site: SiteId) -> None:
        self.news[site], self.has_news = object(), True

    def _prices_every(self, site: SiteId) -> timedelta:
        last = self.refresh.last.get(site)
        return PRICES_AGAIN if last is not None and (last.error or last.missing) else PRICES_EVERY

    def _decide(self, site: SiteId, home: Home, now: datetime) -> None:
        decision = self.recommend.now(site, now)
        if home.actuator is not None and not home.preferences.writes_nothing:
            self._carry_out(site, decision, now, home.actuator)

    def _drive(self, home: Home, now: datetime) -> None:
        site = home.site.id
        decision = self.recommend.journal.last_decision(site, now)
        if self.drive is not None and decision is not None:
            self.drive.turn(home.site, decision, self.recommend.journal.last_plan(site, now), now)

    def _settle(self, site: SiteId, now: datetime) -> None:
        if self.settle is not None:
            self.settle.run(site, now)

    def _carry_out(self, site: SiteId, decision: Decision, now: datetime, actuator: ports.Actuator) -> None:
        """Carry a decision out once, and report what came of it."""
        if self.carried_out.get(site) == decision.id:
            return
        self.execute.report(site, decision.id, actuator.carry_out(decision, now))
        self.carried_out[site] = decision.id


SERVICE = ""
"""Stands for no site."""


def _do(whose: str, duty: str, work: Callable[[], object]) -> None:
    """Do a duty; an error costs it this once."""
    name = f"site {whose}" if whose else "service"
    try:
        work()
    except OptimizerError as error:
        log.warning("%s: %s: %s", name, duty, error)
    except Exception:  # the top of a thread
        log.exception("%s: %s: unforeseen", name, duty)
        raise
