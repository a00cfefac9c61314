"""Readings: each once, and no house asked too often."""

from datetime import timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.reading import Quantity
from app.domain.site import HOME
from app.looks.health import Status
from tests.fakes import NIGHT, FakeHome, soc

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
    assert home.ingest.push(HOME, [soc(50, NIGHT), soc(50, NIGHT)]).stored == 1
    assert home.ingest.push(HOME, [soc(51, NIGHT)]).stored == 0


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
