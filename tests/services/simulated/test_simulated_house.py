from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.reading import Quality, Quantity
from app.domain.site import Mode
from app.services.simulated.dwelling import SimulatedHouse
from tests.services.home_assistant.house import SITE

NIGHT = datetime(2026, 11, 20, 0, 2, tzinfo=UTC)
NOON = datetime(2026, 6, 20, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def values(house: SimulatedHouse, now: datetime) -> dict[Quantity, float]:
    return {seen.quantity: seen.value for seen in house.read(now) if seen.value is not None}


def soc(house: SimulatedHouse, now: datetime) -> float:
    return values(house, now)[Quantity.SOC_PCT]


def ordered(mode: Mode, at: datetime = NIGHT, *, soc_pct: float = 50, power_kw: float | None = None) -> SimulatedHouse:
    house = SimulatedHouse(SITE, now=at, soc_pct=soc_pct)
    house.obey(Command(mode=mode, power_kw=power_kw), at)
    return house


def test_shows_every_quantity_good_and_now() -> None:
    readings = SimulatedHouse(SITE, now=NOON).read(NOON)

    assert {seen.quantity for seen in readings} == set(Quantity)
    assert {(seen.quality, seen.at, seen.source) for seen in readings} == {(Quality.GOOD, NOON, "simulated")}


@pytest.mark.parametrize("mode", list(Mode))
def test_what_comes_in_goes_out(mode: Mode) -> None:
    seen = values(ordered(mode, NOON), NOON + HOUR)

    balance = seen[Quantity.SOLAR_KW] + seen[Quantity.GRID_KW] - seen[Quantity.LOAD_KW] - seen[Quantity.BATTERY_KW]
    assert balance == pytest.approx(0)


def test_forced_charging_fills_it_at_the_power_ordered() -> None:
    house = ordered(Mode.FORCE_CHARGE, power_kw=2)

    assert values(house, NIGHT)[Quantity.BATTERY_KW] == pytest.approx(2)
    assert soc(house, NIGHT + HOUR) == pytest.approx(50 + 100 * 2 * 0.95 / 10)
    assert soc(house, NIGHT + 6 * HOUR) == pytest.approx(100)


def test_self_use_feeds_the_house_down_to_the_reserve() -> None:
    house = SimulatedHouse(SITE, now=NIGHT, soc_pct=12)

    first = values(house, NIGHT)
    assert first[Quantity.BATTERY_KW] == pytest.approx(-first[Quantity.LOAD_KW])
    assert first[Quantity.GRID_KW] == pytest.approx(0)
    assert soc(house, NIGHT + 7 * HOUR) == pytest.approx(10)


def test_hold_keeps_the_charge_and_discharging_exports() -> None:
    assert soc(ordered(Mode.HOLD), NIGHT + 3 * HOUR) == pytest.approx(50)
    assert values(ordered(Mode.FORCE_DISCHARGE), NIGHT)[Quantity.GRID_KW] < -3


def test_looking_often_changes_nothing() -> None:
    often, once = ordered(Mode.SELF_USE, NOON), ordered(Mode.SELF_USE, NOON)

    for minute in range(0, 600, 7):
        often.read(NOON + timedelta(minutes=minute))

    assert soc(often, NOON + 10 * HOUR) == pytest.approx(soc(once, NOON + 10 * HOUR))


def test_the_clock_going_back_changes_nothing() -> None:
    house = ordered(Mode.FORCE_CHARGE)
    later = house.read(NIGHT + HOUR)

    assert house.read(NIGHT) == later


def test_an_order_ends_by_itself() -> None:
    house = SimulatedHouse(SITE, now=NIGHT)
    house.obey(Command(mode=Mode.FORCE_CHARGE, power_kw=2), NIGHT, until=NIGHT + HOUR)

    assert house.command(NIGHT + timedelta(minutes=59)).mode is Mode.FORCE_CHARGE
    assert house.command(NIGHT + HOUR).mode is Mode.SELF_USE
    assert soc(house, NIGHT + 2 * HOUR) < 50 + 100 * 2 * 0.95 / 10


@pytest.mark.parametrize("quantity", [Quantity.LOAD_KW, Quantity.SOLAR_KW])
def test_history_of_load_and_sun_reaches_back_before_it_began(quantity: Quantity) -> None:
    house = SimulatedHouse(SITE, now=NOON)

    past = house.history(quantity, NOON - timedelta(days=7), NOON)
    assert len(past) == 7 * 288
    assert [seen.at for seen in past] == sorted({seen.at for seen in past})
    assert {seen.quality for seen in past} == {Quality.GOOD}


def test_history_agrees_with_what_was_read() -> None:
    house = SimulatedHouse(SITE, now=NOON)
    later = NOON + HOUR

    read = values(house, later)
    assert house.history(Quantity.LOAD_KW, later, later + HOUR)[0].value == read[Quantity.LOAD_KW]


def test_history_knows_no_future_and_nothing_it_did_not_keep() -> None:
    house = SimulatedHouse(SITE, now=NOON)

    assert house.history(Quantity.LOAD_KW, NOON + HOUR, NOON + 2 * HOUR) == []
    assert house.history(Quantity.SOC_PCT, NOON - HOUR, NOON) == []


def test_many_callers_at_once_leave_one_truth() -> None:
    together, alone = ordered(Mode.FORCE_CHARGE, power_kw=1), ordered(Mode.FORCE_CHARGE, power_kw=1)
    instants = [NIGHT + timedelta(minutes=minute) for minute in range(0, 240, 2)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(together.read, instants))

    assert soc(together, instants[-1]) == pytest.approx(soc(alone, instants[-1]))


@pytest.mark.parametrize("soc_pct", [-1, 101, float("nan")])
def test_refuses_an_impossible_beginning(soc_pct: float) -> None:
    with pytest.raises(InvalidInputError):
        SimulatedHouse(SITE, now=NOON, soc_pct=soc_pct)
