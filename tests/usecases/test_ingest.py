"""Readings: each once, and no house asked too often."""

from datetime import timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.plan import PlanSource
from app.domain.reading import Quality, Quantity, reading
from app.domain.site import HOME, Mode
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


def test_one_poll_of_zero_is_kept_as_suspect_whatever_way_it_comes() -> None:
    pushed, looked = FakeHome(house=None), FakeHome()
    assert looked.house is not None
    for n, (value, quality) in enumerate([(55, Quality.GOOD), (0, Quality.SUSPECT), (0, Quality.GOOD)]):  # a second one agrees
        at = NIGHT + n * timedelta(minutes=1)
        assert [each.quality for each in pushed.ingest.push(HOME, [soc(value, at)]).taken] == [quality]
        looked.house.soc_pct = value
        looked.ingest.look(HOME, at)
    assert looked.readings.rows == pushed.readings.rows


def test_a_force_discharge_does_not_become_a_force_charge_by_one_poll_of_zero() -> None:
    """Below its reserve a battery buys energy at any price: 0 % was told once, and the battery was charged in the dearest hour."""
    home = FakeHome().priced()
    assert home.house is not None
    home.house.soc_pct = 90
    evening = NIGHT + 20 * timedelta(hours=1)
    home.ingest.look(HOME, evening)
    assert home.ask(evening).command.mode is not Mode.FORCE_CHARGE
    home.house.soc_pct = 0
    assert home.ask(evening + 300 * SECOND).command.mode is not Mode.FORCE_CHARGE
    home.house.soc_pct = 89
    decision = home.ask(evening + 600 * SECOND)
    assert (decision.plan_source, decision.command.mode is Mode.FORCE_CHARGE) == (PlanSource.OPTIMIZER, False)


def test_what_no_house_of_this_size_draws_is_no_load_of_its_past() -> None:
    home = FakeHome(house=None)
    told = [
        reading(device="met", quantity=Quantity.LOAD_KW, at=NIGHT + n * SECOND, value=kw, source="t") for n, kw in enumerate((0.5, 65.535))
    ]
    kept = home.ingest.push(HOME, told)
    assert [each.quality for each in kept.taken] == [Quality.GOOD, Quality.SUSPECT]
    assert [each.value for each in home.readings.between(HOME, Quantity.LOAD_KW, NIGHT, NIGHT + 60 * SECOND)] == [0.5]


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
