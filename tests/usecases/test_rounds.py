"""What the service does by itself, and how often."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.decision import Decision, OutcomeStatus
from app.domain.errors import UnavailableError
from app.domain.plan import PlanSource
from app.domain.price import Price
from app.domain.site import HOME
from app.wiring.workers import Pools, Workers
from tests.fake_stores import NIGHT
from tests.fakes import FakeActuator, FakeHome, FakeTariff
from tests.stack.home_assistant import until

MINUTE = timedelta(minutes=1)


def live(home: FakeHome, minutes: int) -> None:
    """Turn every 20 seconds, as the service does."""
    for turn in range(3 * minutes):
        home.rounds.turn(NIGHT + turn * timedelta(seconds=20))


def test_every_duty_has_its_rhythm() -> None:
    pruned: list[object] = []
    home = FakeHome(prune=pruned.append)
    live(home, 61)
    assert home.house is not None
    assert len(home.tariff.asked) == 3  # at 22:00, 22:30, 23:00
    assert home.house.asked == 61
    assert len(pruned) == 1
    asked = Counter(quantity for quantity, _ in home.house.days_asked)
    assert set(asked.values()) == {1}


def test_late_prices_are_asked_for_sooner() -> None:
    home = FakeHome()
    home.tariff.due_until = home.tariff.known_until + timedelta(hours=24)
    live(home, 31)
    assert [round((start - NIGHT).total_seconds() / 60) for start, _ in home.tariff.asked][1:] == [
        round((NIGHT - timedelta(days=1) + n * 10 * MINUTE - NIGHT).total_seconds() / 60) for n in (0, 1, 2)
    ]
    assert len(home.tariff.asked) == 4  # 22:00, :10, :20, :30


def test_once_they_are_there_the_usual_rhythm_is_back() -> None:
    home = FakeHome()
    home.tariff.away = True
    for turn in range(3 * 31):
        home.tariff.away = turn < 20
        home.rounds.turn(NIGHT + turn * timedelta(seconds=20))
    assert len(home.tariff.asked) == 3  # 22:00 in vain, 22:10 with success, 22:30


def test_prices_the_store_could_not_take_are_fetched_again_soon() -> None:
    home = FakeHome()
    home.disk.away = True
    home.rounds.turn(NIGHT)
    home.disk.away = False
    home.rounds.turn(NIGHT + 10 * MINUTE)
    assert home.prices.rows


def test_a_failing_duty_does_not_stop_the_next() -> None:
    home = FakeHome()
    home.tariff.away = True
    assert home.house is not None
    home.house.away = True
    home.rounds.turn(NIGHT)
    assert len(home.decisions.rows) == 1, "it decides without prices and without a house"


def test_a_prune_that_fails_is_no_end() -> None:
    def broken(_: object) -> None:
        raise UnavailableError("database: gone")

    home = FakeHome(prune=broken)
    home.rounds.turn(NIGHT)
    home.rounds.turn(NIGHT + 5 * MINUTE)
    assert home.decisions.rows


def test_a_clock_set_back_does_not_stop_the_rounds() -> None:
    home = FakeHome()
    home.rounds.turn(NIGHT)
    asked = len(home.tariff.asked)
    home.rounds.turn(NIGHT - timedelta(days=30))
    assert len(home.tariff.asked) == asked + 1


def test_each_decision_is_carried_out_once_and_reported() -> None:
    actuator = FakeActuator()
    home = FakeHome(actuator=actuator)
    live(home, 29)
    assert len(actuator.told) == len(home.decisions.rows) == 1
    (decision,) = home.decisions.rows.values()
    assert [each.status for each in decision.outcomes] == [OutcomeStatus.CONFIRMED]


def test_an_inverter_that_did_not_answer_is_told_again() -> None:
    actuator = FakeActuator(away=True)
    home = FakeHome(actuator=actuator)
    home.rounds.turn(NIGHT)
    actuator.away = False
    home.rounds.turn(NIGHT + 5 * MINUTE)
    assert len(actuator.told) == 1


def test_what_hangs_holds_up_no_other_duty_and_news_are_decided_on_when_they_come() -> None:
    release = threading.Event()
    home = FakeHome(tariff=SlowTariff(NIGHT + timedelta(hours=24), release=release))
    pools = Pools(Workers)
    home.rounds.beside, home.ingest.beside = pools, pools("look")

    def decided() -> Decision | None:
        return home.journal.remembered_decisions.get(HOME)

    home.rounds.turn(NIGHT)
    until(lambda: decided() is not None, 60, "it decides beside the tariff that hangs")
    assert (first := decided()) is not None
    assert first.plan_source is PlanSource.SELF_USE
    home.rounds.turn(NIGHT + 6 * MINUTE)
    until(lambda: home.house is not None and home.house.asked == 2, 60, "the house is looked at again")
    release.set()
    until(home.rounds.running[HOME, "prices"].done, 60, "the prices came")
    assert home.rounds.has_news
    until(lambda: not home.ingest.waits_for(HOME), 60, "the house has answered")
    home.rounds.turn(NIGHT + 6 * MINUTE)
    until(lambda: (now := decided()) is not None and now.plan_source is PlanSource.OPTIMIZER, 60, "it decides anew, out of its rhythm")
    assert home.rounds.finish(60)
    pools.shutdown()


@dataclass
class SlowTariff(FakeTariff):
    """Answers when it is told to."""

    release: threading.Event = field(kw_only=True)

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        assert self.release.wait(60)
        return super().prices(start, end)


def test_decides_for_every_site_it_has() -> None:
    home = FakeHome()
    home.rounds.turn(NIGHT)
    assert home.journal.last_decision(HOME, NIGHT) is not None
