"""Fakes of the ports: they keep everything in memory, and a store can be away."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.decision import Command, Decision, Outcome, OutcomeStatus, Override
from app.domain.errors import UnavailableError
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, Reading, reading
from app.domain.setting import Preferences
from app.domain.site import HOME, Site
from app.domain.slot import Slot, slots_between
from app.looks.health import Component, Health
from app.templates.labels import VendorWords
from app.usecases.execute import Execute
from app.usecases.history import History
from app.usecases.home import Home
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Outlook
from app.usecases.recommend import Recommend
from app.usecases.refresh import Refresh
from app.usecases.rounds import Rounds
from tests.builders import RULES, house
from tests.fake_stores import EVER, NIGHT, Disk, FakeAudit, FakeDecisions, FakeForecasts, FakeOverrides, FakePlans, FakePrices, FakeReadings


@dataclass
class FakeTariff:
    """A tariff that knows half-hours up to an instant: 10p from midnight to six UTC, 30p else; it can be away."""

    known_until: datetime
    due_until: datetime | None = None
    away: bool = False
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    name: str = "fake"
    shift: float = 0.0
    silent: Direction | None = None
    silent_from: datetime = EVER

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        self.asked.append((start, end))
        if self.away:
            raise UnavailableError("fake: HTTP 500")
        slots = slots_between(start, min(end, self.known_until), minutes=30)
        every = [self._price(slot, direction) for slot in slots for direction in Direction]
        return [each for each in every if each.direction is not self.silent or each.slot.end <= self.silent_from]

    def published_until(self, now: datetime) -> datetime:
        del now
        return self.due_until or self.known_until

    def told_by(self, direction: Direction, at: datetime) -> str:
        del direction, at
        return self.name

    def _price(self, slot: Slot, direction: Direction) -> Price:
        bought = (0.10 if slot.start.hour < 6 else 0.30) + self.shift
        return Price(slot=slot, direction=direction, per_kwh=bought if direction is Direction.IMPORT else 0.05, source=self.name)


@dataclass
class FakeHouse:
    """A house that says what it is told to say."""

    soc_pct: float | None = 50.0
    away: bool = False
    asked: int = 0
    days_asked: list[tuple[Quantity, datetime]] = field(default_factory=list)
    name: str = "fake house"

    def read(self, now: datetime) -> list[Reading]:
        self.asked += 1
        if self.away:
            raise UnavailableError("fake house: no route")
        return [soc(self.soc_pct, now)]

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        if self.away:
            raise UnavailableError("fake house: no route")
        self.days_asked.append((quantity, start))
        times = (slot.start for slot in slots_between(start, end, minutes=10))
        return [reading(device="fake", quantity=quantity, at=at, value=0.5, source="fake") for at in times if at >= start]


@dataclass
class FakeActuator:
    """Obeys, or is away."""

    away: bool = False
    told: list[Decision] = field(default_factory=list)

    def carry_out(self, decision: Decision, now: datetime) -> Outcome:
        if self.away:
            raise UnavailableError("fake inverter: no answer")
        self.told.append(decision)
        return Outcome(status=OutcomeStatus.CONFIRMED, at=now, reported_by="fake inverter", mode_read_back=decision.command.mode)


def soc(value: float | None, at: datetime) -> Reading:
    """Return a state of charge."""
    return reading(device="bat_fake", quantity=Quantity.SOC_PCT, at=at, value=value, source="test")


class Inline(Executor):
    """Does at once what it is given."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201
        future: Future[object] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


@dataclass
class FakeHome:
    """Every use case of one house on fakes; what a test does not say works."""

    site: Site = field(default_factory=lambda: house(ac_limit_kw=5.0))
    tariff: FakeTariff = field(default_factory=lambda: FakeTariff(NIGHT + timedelta(hours=24)))
    house: FakeHouse | None = field(default_factory=FakeHouse)
    actuator: FakeActuator | None = None
    time_limit_s: float = 5.0
    prune: Callable[[datetime], object] = lambda _: None

    def __post_init__(self) -> None:
        self.disk, self.audit = Disk(), FakeAudit()
        self.prices, self.readings, self.forecasts = FakePrices(self.disk), FakeReadings(self.disk), FakeForecasts(self.disk)
        self.plans, self.decisions, self.overrides = FakePlans(self.disk), FakeDecisions(self.disk), FakeOverrides(self.disk, self.audit)
        home = Home(
            site=self.site,
            preferences=Preferences(reserve_pct=10),
            source=self.tariff,
            rules=RULES,
            switching_cost=0.002,
            house=self.house,
            actuator=self.actuator,
        )
        self.homes = {HOME: home}
        self.outlook = Outlook(self.prices, self.readings, self.forecasts, History(self.readings), self.homes)
        self.ingest = Ingest(self.readings, self.homes, Inline())
        self.refresh = Refresh(self.homes, self.prices)
        self.execute = Execute(self.decisions, self.overrides, site_of=lambda name: self.homes[name].site)
        self.restart()

    def restart(self) -> None:
        """Forget what is only in memory."""
        self.journal = Journal(self.plans, self.decisions)
        self.recommend = Recommend(self.homes, self.ingest, self.outlook, self.journal, self.overrides, self.time_limit_s, VendorWords())
        self.health = Health(self._check, self.refresh, self.ingest, self.journal, self.prices, self.readings, self.homes)
        self.rounds = Rounds(self.homes, self.refresh, self.ingest, self.recommend, self.execute, self.prune, lambda _: Inline())

    def become(self, **changes: object) -> None:
        """Be described otherwise from now on."""
        self.homes[HOME] = replace(self.homes[HOME], **changes)  # type: ignore[arg-type]

    def priced(self, now: datetime = NIGHT) -> "FakeHome":
        """Have prices as of now."""
        self.refresh.run(HOME, now)
        return self

    def ask(self, now: datetime) -> Decision:
        return self.recommend.now(HOME, now)

    def component(self, name: str, now: datetime) -> Component:
        return next(each for each in self.health.report(HOME, now).components if each.name == name)

    def _check(self) -> str:
        self.disk.reach()
        return "0001"


def forced(command: Command, start: datetime, end: datetime, *, set_at: datetime | None = None) -> Override:
    """Return an override by the owner."""
    return Override(span=Slot(start, end), command=command, set_by="owner", set_at=set_at or start)
