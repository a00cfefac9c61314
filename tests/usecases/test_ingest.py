"""Readings: each once, and no house asked too often."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.plan import PlanSource
from app.domain.reading import Quantity, Reading, reading
from app.domain.site import HOME
from app.looks.health import Status
from app.usecases.ingest import BACKFILLED
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, FakeHouse, soc

SECOND = timedelta(seconds=1)


def test_a_house_is_not_asked_more_often_than_its_sensors_move() -> None:
    home = FakeHome()
    for second in (0, 10, 49, 50, 60):
        home.ingest.look(HOME, NIGHT + second * SECOND)
    assert home.house is not None
    assert home.house.asked == 2


def test_a_house_that_does_not_answer_is_remembered_and_asked_again() -> None:
    home = FakeHome()
    assert home.house is not None
    home.house.away = True
    home.ingest.look(HOME, NIGHT)
    component = home.component("house", NIGHT)
    assert (component.status, component.detail) == (Status.FAILED, "fake house: no route")
    home.house.away = False
    home.ingest.look(HOME, NIGHT + 60 * SECOND)
    assert home.component("house", NIGHT + 60 * SECOND).status is Status.OK


def test_a_reading_pushed_twice_is_stored_once() -> None:
    home = FakeHome(house=None)
    assert home.ingest.push(HOME, [soc(50, NIGHT), soc(50, NIGHT)], NIGHT).stored == 1
    assert home.ingest.push(HOME, [soc(51, NIGHT)], NIGHT).stored == 0


def test_a_reading_from_the_future_or_from_long_ago_is_refused_whatever_way_it_comes() -> None:
    ahead, ancient = NIGHT + timedelta(minutes=3), datetime(2000, 1, 1, tzinfo=UTC)
    home = FakeHome(house=OddClock(at=[ahead, NIGHT, ancient]))
    kept = home.ingest.push(HOME, [soc(50, ahead), soc(51, NIGHT), soc(52, ancient)], NIGHT)
    assert ([each.value for each in kept.taken], [each.reading.value for each in kept.refused]) == ([51], [50, 52])
    home.ingest.look(HOME, NIGHT)
    assert home.ingest.backfill(HOME, NIGHT, days=1) == len(BACKFILLED)
    assert {each.at for each in home.readings.rows.values()} == {NIGHT}
    detail = home.component("house", NIGHT).detail
    assert "a reading from the future (2026-06-01 22:03:00 UTC); set the device's clock" in detail
    assert "a reading from before the house existed (2000-01-01 00:00:00 UTC)" in detail


@dataclass
class OddClock(FakeHouse):
    """A house whose clock says odd things."""

    at: Sequence[datetime] = ()

    def read(self, now: datetime) -> list[Reading]:
        del now
        return [soc(50, at) for at in self.at]

    def history(self, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        del start, end
        return [reading(device="fake", quantity=quantity, at=at, value=0.5, source="fake") for at in self.at]


@dataclass
class SlowHouse(FakeHouse):
    """A house that answers when it is told to."""

    called: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)

    def read(self, now: datetime) -> list[Reading]:
        self.called.set()
        assert self.answers.wait(60)
        return super().read(now)


def test_nobody_waits_for_a_house_that_is_slow_and_what_comes_late_is_stored() -> None:
    slow = SlowHouse(soc_pct=61)
    home = FakeHome(house=slow).priced()
    home.readings.save(HOME, [soc(60, NIGHT - timedelta(minutes=1))])
    with ThreadPoolExecutor(2) as beside:
        home.ingest.beside = beside
        asked = [home.ask(NIGHT + n * timedelta(minutes=2)) for n in range(3)]  # a house that is asked already is not asked again
        assert slow.called.is_set()
        assert {each.plan_source for each in asked} == {PlanSource.OPTIMIZER}
        assert (slow.asked, home.component("house", NIGHT).status) == (0, Status.UNKNOWN)
        slow.answers.set()
        home.ingest.looking[HOME].answer.result(60)
    assert home.component("house", NIGHT).status is Status.OK
    assert {each.value for each in home.readings.rows.values()} == {60, 61}


def test_a_store_that_is_away_when_a_late_answer_comes_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    home = FakeHome(house=SlowHouse())
    assert isinstance(home.house, SlowHouse)
    with ThreadPoolExecutor(1) as beside:
        home.ingest.beside = beside
        home.ingest.look(HOME, NIGHT)
        home.disk.away = True
        home.house.answers.set()
    assert "what its house said was not kept: database: gone away" in caplog.text


def test_a_clock_set_back_does_not_keep_a_house_from_being_asked() -> None:
    home = FakeHome()
    assert home.house is not None
    home.ingest.look(HOME, NIGHT)
    home.ingest.look(HOME, NIGHT - timedelta(days=30))
    assert home.house.asked == 2


def test_backfill_fetches_the_past_once_and_then_only_what_is_new() -> None:
    home = FakeHome()
    assert home.house is not None
    stored = home.ingest.backfill(HOME, NIGHT, days=8)
    quantities = {quantity for quantity, _ in home.house.days_asked}
    assert {Quantity.LOAD_KW, Quantity.SOLAR_KW} <= quantities
    assert stored == len(quantities) * 8 * 144
    later = NIGHT + timedelta(hours=6)
    assert home.ingest.backfill(HOME, later, days=8) == len(quantities) * 36
    starts = dict(home.house.days_asked)
    assert starts[Quantity.LOAD_KW] >= NIGHT - timedelta(minutes=10)


def test_backfill_starts_over_when_the_oldest_day_is_missing() -> None:
    home = FakeHome()
    home.ingest.backfill(HOME, NIGHT, days=2)
    home.ingest.backfill(HOME, NIGHT, days=8)
    assert home.house is not None
    assert home.house.days_asked[-1][1] == NIGHT - timedelta(days=8)


def test_backfill_without_a_house_has_nothing_to_do() -> None:
    assert FakeHome(house=None).ingest.backfill(HOME, NIGHT, days=8) == 0


def test_backfill_says_when_the_house_is_away() -> None:
    home = FakeHome()
    assert home.house is not None
    home.house.away = True
    with pytest.raises(UnavailableError):
        home.ingest.backfill(HOME, NIGHT, days=8)


def test_a_silence_while_the_house_was_away_is_fetched_when_it_is_back() -> None:
    home = FakeHome()
    assert home.house is not None
    home.ingest.backfill(HOME, NIGHT, days=8)
    home.house.away = True
    with pytest.raises(UnavailableError):
        home.ingest.backfill(HOME, NIGHT + timedelta(hours=6), days=8)
    home.house.away = False
    home.ingest.look(HOME, NIGHT + timedelta(hours=11))  # readings go on before the past is asked for
    home.house.days_asked.clear()
    home.ingest.backfill(HOME, NIGHT + timedelta(hours=12), days=8)
    assert {start for _, start in home.house.days_asked} == {NIGHT}
