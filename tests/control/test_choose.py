from itertools import pairwise

import numpy as np
import pytest

from app.control.choose import TIE, Choice, choose
from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.site import Mode
from app.forecasting.scenarios import Paths
from app.optimizer import lp
from app.optimizer.problem import Problem
from tests.builders import START, battery, house, problem
from tests.control.test_mapped import CHARGES, FEEDS, IDLES, KEEPS, SELLS, SERVES, STORES


def foreseen(question: Problem) -> Paths:
    return Paths.single([slot.load_kw for slot in question.slots], [slot.solar_kw for slot in question.slots])


def chosen(question: Problem) -> Choice:
    return choose(question, foreseen(question))


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
def test_the_cheapest_mode_is_the_one_a_person_would_name(question: Problem, mode: Mode) -> None:
    assert chosen(question).best.command.mode is mode


@pytest.mark.parametrize("question", [CHARGES, SELLS, STORES, SERVES, KEEPS, FEEDS, IDLES])
def test_with_everything_known_no_candidate_beats_the_plan_and_the_best_is_close_to_it(question: Problem) -> None:
    plan = lp.solve(question).objective
    found = chosen(question)

    assert all(each.cost >= plan - 0.01 for each in found.candidates), "the table is read between its levels, a penny's tenth apart"
    assert found.best.cost == pytest.approx(plan, abs=0.12)


def test_every_mode_on_offer_is_weighed_and_no_other() -> None:
    plain = house(battery(), modes=(Mode.SELF_USE, Mode.FORCE_CHARGE))
    question = problem(buy=[0.05, 0.4], load_kw=1, site=plain)

    assert {each.command.mode for each in chosen(question).candidates} == {Mode.SELF_USE, Mode.FORCE_CHARGE}


def test_equal_costs_give_self_use_and_equal_inputs_equal_choices() -> None:
    flat = problem(buy=[0.2] * 8, sell=0.2, load_kw=0.0, start_kwh=1)

    assert chosen(flat).best.command == Command(mode=Mode.SELF_USE)
    assert chosen(flat) == chosen(flat)


def test_the_mode_is_chosen_for_all_paths_not_for_their_mean() -> None:
    """Half of the paths have sun, half have load: their mean shows neither, but self-use serves both."""
    question = problem(buy=[0.30, 0.30], sell=0.05, load_kw=0, solar_kw=0, start_kwh=5, minutes=60, end_value=0.2)
    sunny, dull = np.array([[0.0, 0.0], [3.0, 3.0]]), np.array([[3.0, 3.0], [0.0, 0.0]])
    found = choose(question, Paths(load_kw=sunny, solar_kw=dull, weight=np.array([0.5, 0.5])))

    assert found.best.command.mode is Mode.SELF_USE
    forced = min(each.cost for each in found.candidates if each.command.mode is Mode.FORCE_DISCHARGE)
    assert forced > found.best.cost + 0.1


def test_a_running_mode_is_left_only_for_more_than_the_switching_cost() -> None:
    question = CHARGES
    best, second = min(chosen(question).candidates, key=lambda each: each.cost), chosen(question).candidates[0]
    gain = second.cost - best.cost

    kept = choose(question, foreseen(question), running=second.command, switching_cost=gain + 0.01)
    left = choose(question, foreseen(question), running=second.command, switching_cost=gain - 0.01)

    assert kept.best.command.mode is second.command.mode
    assert left.best.command.mode is best.command.mode


def test_below_the_reserve_the_battery_is_charged_at_once_even_at_a_high_price() -> None:
    question = problem(buy=[0.35, 0.05, 0.05], load_kw=0.3, start_kwh=0.4, minutes=30)

    assert chosen(question).best.command.mode is Mode.FORCE_CHARGE


def lived(*, load_kw: float, floor_kwh: float, rounds: int = 72) -> tuple[int, float]:
    """Return the mode changes of six dear hours, asked every five minutes, and the lowest charge in kWh: 40 % are wished in reserve."""
    real, site = house(battery(reserve_kwh=floor_kwh)), house(battery(reserve_kwh=4.0, floor_kwh=floor_kwh))
    buy, stored = [0.35] * 12 + [0.10] * 12 + [0.2] * 24, [4.15]
    told: list[Command] = []
    for n, within in (divmod(k, 6) for k in range(rounds)):
        left = problem(
            buy=buy[n:], load_kw=load_kw, start_kwh=stored[-1], site=site, first_minutes=30 - 5 * within, end_value=0.1, start=START
        )
        told.append(choose(left, foreseen(left), running=told[-1] if within else None, switching_cost=0.005).best.command)
        flows = run_slot(real, told[-1], stored_kwh=stored[-1], solar_kw=0.0, load_kw=load_kw, hours=1 / 12)
        stored.append(float(flows.stored_kwh))
    return sum(one != other for one, other in pairwise(told)), min(stored)


@pytest.mark.parametrize("load_kw", [0.4, 0.8, 3.0])
def test_a_reserve_the_inverter_does_not_know_is_kept_by_holding_without_a_kwh_bought(load_kw: float) -> None:
    changes, lowest = lived(load_kw=load_kw, floor_kwh=1.0)

    assert changes <= 1
    assert lowest >= 4.0


def test_a_reserve_the_inverter_knows_needs_no_hold() -> None:
    changes, lowest = lived(load_kw=0.8, floor_kwh=4.0)

    assert changes == 0
    assert lowest == pytest.approx(4.0)


def test_an_inverter_that_cannot_hold_is_told_what_it_can() -> None:
    site = house(battery(reserve_kwh=4.0, floor_kwh=1.0), modes=(Mode.SELF_USE, Mode.FORCE_CHARGE))

    assert chosen(problem(buy=[0.35] * 4, load_kw=1, start_kwh=4.0, site=site)).best.command.mode is Mode.SELF_USE


def test_a_stored_kwh_is_worth_what_it_will_save() -> None:
    question = problem(buy=[0.10, 0.40, 0.40], sell=0, load_kw=[0, 4, 4], start_kwh=4, minutes=60)

    assert chosen(question).stored_kwh_value == pytest.approx(0.95 * (0.40 - 0.02), abs=0.03)


def test_ties_are_finer_than_any_price() -> None:
    assert TIE < 1e-4


def test_a_forced_mode_without_a_set_point_is_only_weighed_at_its_own_power() -> None:
    site = house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE), own_power=(Mode.FORCE_CHARGE,))

    question = problem(buy=[0.2, 0.1], load_kw=1, site=site)
    told = {(each.command.mode, each.command.power_kw) for each in chosen(question).candidates}

    assert {power for mode, power in told if mode is Mode.FORCE_CHARGE} == {5.0}
    assert {power for mode, power in told if mode is Mode.FORCE_DISCHARGE} >= {5.0, 3.75, 2.5, 1.25}
