import pytest

from app.control.mapped import mapped
from app.domain.plan import Plan
from app.domain.site import Mode, Site
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem
from tests.builders import START, battery, house, problem

CHARGES = problem(buy=[0.05, 0.40, 0.40], load_kw=1, start_kwh=1, minutes=60)
SELLS = problem(buy=[0.30, 0.05, 0.1], sell=[0.4, 0, 0], load_kw=1, start_kwh=9, minutes=60)
STORES = problem(buy=[0.30, 0.30, 0.30], solar_kw=[4, 0, 0], load_kw=[1, 3, 3], start_kwh=2, minutes=60)
SERVES = problem(buy=[0.30, 0.05], load_kw=2, start_kwh=9, minutes=60, end_value=0.2)
KEEPS = problem(buy=[0.10, 0.40], load_kw=[2, 9], start_kwh=6.3, minutes=60)
FEEDS = problem(buy=[0.30, 0.02, 0.40], sell=[0.15, 0, 0], solar_kw=[3, 0, 0], load_kw=[0.5, 0.5, 4], start_kwh=1, minutes=60)
IDLES = problem(buy=[0.10, 0.10], load_kw=1, start_kwh=1, minutes=60)


def planned(question: Problem) -> Plan:
    return make_plan(question, now=START, time_limit_s=5)


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        pytest.param(CHARGES, Mode.FORCE_CHARGE, id="buys for later"),
        pytest.param(SELLS, Mode.FORCE_DISCHARGE, id="sells"),
        pytest.param(STORES, Mode.SELF_USE, id="stores the surplus"),
        pytest.param(SERVES, Mode.SELF_USE, id="feeds the house"),
        pytest.param(KEEPS, Mode.HOLD, id="keeps for later"),
        pytest.param(FEEDS, Mode.FEED_IN_FIRST, id="exports the surplus"),
        pytest.param(IDLES, Mode.SELF_USE, id="has nothing to do"),
    ],
)
def test_the_mode_is_the_one_whose_own_loop_does_what_the_plan_wants(question: Problem, mode: Mode) -> None:
    assert mapped(question.site, planned(question)).mode is mode


def test_a_forced_mode_carries_power_and_the_target_of_its_whole_run() -> None:
    question = problem(buy=[0.05, 0.05, 0.40, 0.40], sell=0, load_kw=[0, 0, 4, 4], start_kwh=1, minutes=60)

    command = mapped(question.site, planned(question))

    assert command.power_kw == pytest.approx(8 / 0.95 / 0.95 - 5, abs=0.01), (
        "the last of equally cheap hours at full power, the rest before it"
    )
    assert command.target_soc_pct == pytest.approx(100 * (1 + 8 / 0.95) / 10, abs=0.1)


@pytest.mark.parametrize("question", [KEEPS, FEEDS, CHARGES, SELLS])
def test_a_mode_the_inverter_lacks_becomes_self_use(question: Problem) -> None:
    plain = house(battery(), modes=(Mode.SELF_USE,))

    assert mapped(plain, planned(question)).mode is Mode.SELF_USE


def test_a_house_without_a_battery_is_told_self_use() -> None:
    bare: Site = house(battery(capacity_kwh=0, power_kw=0))
    question = problem(buy=[0.05, 0.4], solar_kw=[3, 0], load_kw=1, start_kwh=0, site=bare)

    assert mapped(bare, planned(question)).mode is Mode.SELF_USE


def test_a_full_battery_under_the_sun_stays_in_self_use() -> None:
    question = problem(buy=[0.3, 0.3], sell=0.15, solar_kw=3, load_kw=1, start_kwh=10, end_value=0.2)

    assert mapped(question.site, planned(question)).mode is Mode.SELF_USE


def test_a_battery_near_its_reserve_that_gives_what_it_has_is_not_held_back() -> None:
    question = problem(buy=[0.3, 0.1], load_kw=3, start_kwh=1.1, sell=0)

    assert mapped(question.site, planned(question)).mode is Mode.SELF_USE
