"""Health: every component with its state and age, and what to do about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import UnavailableError
from app.domain.plan import PlanSource
from app.domain.price import Direction
from app.domain.reading import Quality, Quantity
from app.domain.site import SiteId
from app.looks.execution import Carried, Execution, execution
from app.usecases import ports
from app.usecases.home import Homes
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.newest import FRESH_S, newest
from app.usecases.outlook import HORIZON
from app.usecases.refresh import Refresh


class Status(StrEnum):
    """How a component is."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Not asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component: its state, the age of its newest sign of life in seconds, and one sentence."""

    name: str
    status: Status
    age_s: float | None
    detail: str
    remedy: str = ""
    """What to do about it; empty where nothing is to be done, or nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole: it can answer as long as it knows prices or a plan."""

    status: Status
    can_answer: bool
    components: tuple[Component, ...]
    carried: Carried | None = None
    """Whether somebody carries decisions out; None while that cannot be told."""


@dataclass(slots=True)
class Health:
    """Asks every component."""

    check_database: Callable[[], str]
    refresh: Refresh
    ingest: Ingest
    journal: Journal
    prices: ports.Prices
    readings: ports.Readings
    homes: Homes
    others: list[Callable[[SiteId, datetime], Iterable[Component]]] = field(default_factory=list)
    """Connections that not every house has, such as a broker."""
    problem: Callable[[SiteId], str | None] = lambda _: None
    """Tells why a house cannot be served by what its document says, or not in all."""

    def report(self, site: SiteId, now: datetime) -> Report:
        """Return the state of every component of a site."""
        database, site_itself = self._database(), self._site(site)
        if site not in self.homes:
            return Report(status=Status.FAILED, can_answer=False, components=(database, *site_itself))
        away = database.status is Status.FAILED
        done = None if away else self._execution(site, now)
        components = (
            database,
            _unreadable("prices") if away else self._prices(site, now),
            _unreadable("battery") if away else self._battery(site, now),
            self._house(site, now),
            self._optimizer(site, now),
            *_executor(done, now),
            *([] if away else self._sun(site, now)),
            *site_itself,
            *(component for ask in self.others for component in ask(site, now)),
        )
        plan = self.journal.remembered_plans.get(site)
        price_known = not away and components[1].status is not Status.FAILED
        can_answer = price_known or (plan is not None and plan.step_at(now) is not None)
        worst = max((component.status for component in components), key=BADNESS.__getitem__)
        return Report(status=worst, can_answer=can_answer, components=components, carried=None if done is None else done.carried)

    def _database(self) -> Component:
        try:
            revision = self.check_database()
        except UnavailableError as error:
            waiting = len(self.journal.waiting)
            return Component(name="database", status=Status.FAILED, age_s=None, detail=f"{error}; {waiting} records wait to be stored")
        return Component(name="database", status=Status.OK, age_s=0.0, detail=f"answers, schema {revision}")

    def _site(self, site: SiteId) -> list[Component]:
        """Return what is wrong with the document, and warn of a real house steered by made-up prices."""
        problem, home = self.problem(site), self.homes.get(site)
        found: list[Component] = []
        if problem is not None:
            found.append(Component(name="site", status=Status.FAILED if home is None else Status.DEGRADED, age_s=None, detail=problem))
        if home is not None and home.simulated_prices and not home.simulated_house:
            found.append(Component(name="tariff", status=Status.DEGRADED, age_s=None, detail=MADE_UP))
        return found

    def _execution(self, site: SiteId, now: datetime) -> Execution | None:
        try:
            return execution(self.journal.decisions, site, self.homes[site].preferences, now)
        except UnavailableError:
            return None  # the database is a component of its own

    def _prices(self, site: SiteId, now: datetime) -> Component:
        fetched = self.prices.last_fetched(site)
        age_s = None if fetched is None else (now - fetched).total_seconds()
        last = self.refresh.last.get(site)
        known = self.prices.between(site, now - LONGEST_SLOT, now + HORIZON)
        for direction in Direction:
            if not any(price.direction is direction and price.slot.contains(now) for price in known):
                problem = last.error if last is not None and last.error else "refresh them"
                detail = f"the current {direction} price is not known: {problem}"
                return Component(name="prices", status=Status.FAILED, age_s=age_s, detail=detail)
        until = max(price.slot.end for price in known)
        detail = f"known until {until:%Y-%m-%d %H:%M} UTC"
        if last is not None and last.error:
            return Component(name="prices", status=Status.DEGRADED, age_s=age_s, detail=f"{detail}; last refresh failed: {last.error}")
        if last is not None and last.missing:
            first = last.missing[0].start
            late = f"{len(last.missing)} slots from {first:%Y-%m-%d %H:%M} UTC should be published by now and are not"
            return Component(name="prices", status=Status.DEGRADED, age_s=age_s, detail=f"{detail}; {late}")
        return Component(name="prices", status=Status.OK, age_s=age_s, detail=detail)

    def _battery(self, site: SiteId, now: datetime) -> Component:
        reading = newest(self.readings, site, (Quantity.SOC_PCT,), now).get(Quantity.SOC_PCT)
        if reading is None:
            return Component(name="battery", status=Status.FAILED, age_s=None, detail="its state of charge was never measured")
        age_s = reading.age_s(now)
        if reading.quality is not Quality.GOOD:
            detail = f"{reading.device} gives no usable state of charge ({reading.quality})"
            return Component(name="battery", status=Status.FAILED, age_s=age_s, detail=detail)
        status = Status.OK if age_s <= FRESH_S else Status.FAILED
        return Component(name="battery", status=status, age_s=age_s, detail=f"{reading.value:.0f} % from {reading.source}")

    def _house(self, site: SiteId, now: datetime) -> Component:
        house = self.homes[site].house
        if house is None:
            return Component(name="house", status=Status.OK, age_s=None, detail="readings are pushed; no house is polled")
        looked = self.ingest.looked_at.get(site)
        if looked is None:
            return Component(name="house", status=Status.UNKNOWN, age_s=None, detail="not asked yet")
        error, age_s = self.ingest.last_error.get(site), (now - looked).total_seconds()
        if error:
            return Component(name="house", status=Status.FAILED, age_s=age_s, detail=error)
        if self.ingest.waits_for(site):
            return Component(name="house", status=Status.UNKNOWN, age_s=age_s, detail=f"{house.name} was asked and has not answered yet")
        return Component(name="house", status=Status.OK, age_s=age_s, detail=f"{house.name} answers")

    def _sun(self, site: SiteId, now: datetime) -> list[Component]:
        """Return how the solar forecast is, where one is named: without it the last weeks count, and the plan goes on."""
        home = self.homes[site]
        if home.sunshine is None:
            return []
        given, complaint = home.sunshine.last_good(home.site, now), home.sunshine.complaints.get(site)
        if given is None and complaint is None:
            return [Component(name=SOLAR, status=Status.UNKNOWN, age_s=None, detail="not asked yet")]
        status = Status.OK if complaint is None else Status.DEGRADED
        if given is None:
            return [Component(name=SOLAR, status=status, age_s=None, detail=f"the last weeks stand in: {complaint}")]
        detail = f"{given.source} known until {given.slots[-1].end:%Y-%m-%d %H:%M} UTC" + (f"; {complaint}" if complaint else "")
        return [Component(name=SOLAR, status=status, age_s=(now - given.issued_at).total_seconds(), detail=detail)]

    def _optimizer(self, site: SiteId, now: datetime) -> Component:
        last = self.journal.remembered_decisions.get(site)
        if last is None:
            return Component(name="optimizer", status=Status.UNKNOWN, age_s=None, detail="nothing decided yet")
        age_s = (now - last.decided_at).total_seconds()
        if last.plan_source in {PlanSource.OPTIMIZER, PlanSource.OVERRIDE}:
            return Component(name="optimizer", status=Status.OK, age_s=age_s, detail=f"{last.plan_source}: {last.reason}")
        return Component(
            name="optimizer", status=Status.DEGRADED, age_s=age_s, detail=f"{last.plan_source} instead of a plan: {last.cause}"
        )


SOLAR = "solar forecast"
MADE_UP = "a real house is planned on made-up prices: what it saves is made up, too"
LONGEST_SLOT = timedelta(hours=1)
BADNESS: Mapping[Status, int] = {Status.OK: 0, Status.UNKNOWN: 1, Status.DEGRADED: 2, Status.FAILED: 3}


def _unreadable(name: str) -> Component:
    return Component(name=name, status=Status.UNKNOWN, age_s=None, detail="cannot be read while the database is away")


def _executor(done: Execution | None, now: datetime) -> list[Component]:
    """Return how whoever carries decisions out is; nothing before that can be told."""
    if done is None or done.carried is Carried.TOO_EARLY:
        return []
    age_s = None if done.reported_at is None else max(0.0, (now - done.reported_at).total_seconds())
    status = Status.DEGRADED if done.carried.is_missing else Status.OK
    return [Component(name="executor", status=status, age_s=age_s, detail=done.detail, remedy=done.remedy)]
