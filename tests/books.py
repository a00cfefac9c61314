"""A house whose books are kept: a simulated house lives for days on fakes, and its ledger is settled as it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.decision import Command, Decision
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, Reading
from app.domain.setting import Preferences
from app.domain.site import HOME, Mode, Site
from app.domain.slot import slots_between
from app.services.simulated.dwelling import SimulatedHouse
from app.usecases.home import Home
from app.usecases.settle import Settle, Settlement
from tests.builders import RULES, battery, house
from tests.fake_stores import Disk, FakeDecisions, FakeLedger, FakePrices, FakeReadings
from tests.fakes import FakeTariff
from tests.records import decision

MINUTE = timedelta(minutes=1)
HALF_HOUR = timedelta(minutes=30)
MEASURED = frozenset({Quantity.SOC_PCT, Quantity.SOLAR_KW, Quantity.LOAD_KW, Quantity.GRID_KW, Quantity.BATTERY_KW})


def buy(at: datetime) -> float:
    """Return a price that is cheap at night, dear in the evening and a little different every day."""
    return (0.06 if at.hour < 6 else 0.35 if 16 <= at.hour < 19 else 0.2) + at.day / 1000


def prices(start: datetime, end: datetime, *, minutes: int = 30) -> list[Price]:
    """Return published prices of a span, both ways."""
    return [
        Price(slot=slot, direction=way, per_kwh=buy(slot.start) if way is Direction.IMPORT else 0.12, source="test")
        for slot in slots_between(start, end, minutes=minutes)
        for way in Direction
    ]


def commanded(at: datetime) -> Command:
    """Return what the other controller does: charge at night, sell in the evening."""
    return Command(mode=Mode.FORCE_CHARGE if at.hour in {2, 3} else Mode.FORCE_DISCHARGE if at.hour == 17 else Mode.SELF_USE)


@dataclass
class Books:
    """A house on fakes. `live` lets it live and measures it; what a test does not say is measured whole."""

    start: datetime
    site: Site = field(default_factory=lambda: house(battery(), ac_limit_kw=100, export_limit_kw=50))
    measured: frozenset[Quantity] = MEASURED

    def __post_init__(self) -> None:
        self.disk = Disk()
        self.prices, self.readings, self.ledger = FakePrices(self.disk), FakeReadings(self.disk), FakeLedger(self.disk)
        self.decisions = FakeDecisions(self.disk)
        self.homes = {
            HOME: Home(
                site=self.site, preferences=Preferences(reserve_pct=10), source=FakeTariff(self.start), rules=RULES, switching_cost=0.002
            )
        }
        self.house = SimulatedHouse(self.site, now=self.start)
        self.restart()

    def restart(self) -> None:
        """Forget what is only in memory."""
        self.settle = Settle(self.homes, self.prices, self.readings, self.decisions, self.ledger)

    def become(self, site: Site) -> None:
        """Be described otherwise from now on."""
        self.homes[HOME] = replace(self.homes[HOME], site=site)

    def price(self, start: datetime, end: datetime, *, minutes: int = 30) -> "Books":
        self.prices.save(HOME, prices(start, end, minutes=minutes), start)
        return self

    def live(
        self,
        start: datetime,
        end: datetime,
        *,
        every: timedelta = 5 * MINUTE,
        seen: Callable[[Reading], bool] = lambda _: True,
        control: Callable[[datetime], Command] = commanded,
    ) -> Sequence[Reading]:
        """Live from start to end; store and return the readings that are seen."""
        found: list[Reading] = []
        at = start
        while at < end:
            self.house.obey(control(at), at)
            found += [each for each in self.house.read(at) if each.quantity in self.measured and seen(each)]
            at += every
        self.readings.save(HOME, found)
        return found

    def run(self, now: datetime) -> Settlement:
        return self.settle.run(HOME, now)

    def decide(self, start: datetime, end: datetime, control: Callable[[datetime], Command] = commanded) -> list[Decision]:
        """Record a decision for each half-hour."""
        made = [
            decision(
                n,
                id=f"d-{slot.start:%m%dT%H%M}",
                slot=slot,
                decided_at=slot.start,
                valid_until=slot.end + 5 * MINUTE,
                command=control(slot.start),
            )
            for n, slot in enumerate(slots_between(start, end, minutes=30))
        ]
        for each in made:
            self.decisions.save(each)
        return made
