import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from app.domain.decision import Command
from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStatus
from app.domain.site import Mode, Site
from app.optimizer import lp
from app.optimizer.lp import Solution
from app.optimizer.problem import Problem
from app.optimizer.rules import behave
from tests.builders import START, battery, house, problem
from tests.optimizer import drawn
from tests.optimizer.reference import worth


def charging(solution: Solution) -> list[bool]:
    return [step.charge_kw > 0.01 for step in solution.steps]


def discharging(solution: Solution) -> list[bool]:
    return [step.discharge_kw > 0.01 for step in solution.steps]


def test_waits_for_the_cheaper_hour() -> None:
    solution = lp.solve(problem(buy=[0.10, 0.02, 0.40], load_kw=1, start_kwh=1, minutes=60))

    assert charging(solution) == [False, True, False]
    assert discharging(solution) == [False, False, True]


@pytest.mark.parametrize(("later", "trades"), [(0.10 / 0.9025 + 0.02 - 0.001, False), (0.10 / 0.9025 + 0.02 + 0.001, True)])
def test_trades_only_when_the_spread_pays_losses_and_wear(later: float, *, trades: bool) -> None:
    solution = lp.solve(problem(buy=[0.10, later], sell=0, load_kw=1, start_kwh=1, minutes=60))

    assert charging(solution) == [trades, False]


def test_keeps_what_is_worth_more_at_the_end() -> None:
    sold, kept = (lp.solve(problem(buy=[0.25], sell=0.2, load_kw=1, end_value=value)) for value in (0.05, 0.30))

    assert sold.steps[0].export_kw > 0
    assert kept.steps[0].discharge_kw == 0


def test_is_paid_to_import_but_no_mode_throws_the_sun_away_for_it() -> None:
    solution = lp.solve(problem(buy=[-0.10], sell=0, load_kw=1, solar_kw=3, start_kwh=10, minutes=60))

    assert solution.steps[0].import_kw == 0
    assert solution.steps[0].export_kw == pytest.approx(2)
    assert solution.steps[0].curtailed_kw == 0


@pytest.mark.parametrize(("can", "sold_kw", "thrown_kw"), [(True, 0.0, 4.5), (False, 4.5, 0.0)])
def test_what_costs_money_to_sell_is_thrown_away_where_the_inverter_can_be_told_so(*, can: bool, sold_kw: float, thrown_kw: float) -> None:
    site = house(limits_export=can)
    (step,) = lp.solve(problem(buy=[0.09], sell=-0.06, load_kw=0.5, solar_kw=5, start_kwh=10, minutes=60, site=site)).steps

    assert step.export_kw == pytest.approx(sold_kw)
    assert step.curtailed_kw == pytest.approx(thrown_kw)


@pytest.mark.parametrize(("start_kwh", "limit_kwh"), [(9.5, 9.0)])
def test_above_its_limit_it_only_comes_down_to_it(start_kwh: float, limit_kwh: float) -> None:
    site = house(battery(limit_kwh=limit_kwh))
    question = problem(buy=[0.3, 0.05, 0.3, 0.4], sell=0, load_kw=[3, 0.2, 0, 4], start_kwh=start_kwh, minutes=60, site=site)
    stored = [step.stored_kwh for step in lp.solve(question).steps]

    assert stored[0] < limit_kwh
    assert max(stored) <= limit_kwh + 1e-6


def test_below_its_reserve_it_only_rises() -> None:
    site = house(battery(reserve_kwh=5))
    question = replace(problem(buy=[0.5] * 4, load_kw=1, start_kwh=4.9, site=site), eased=True)
    stored = [question.start_kwh, *(step.stored_kwh for step in lp.solve(question).steps)]

    assert all(after >= before - 1e-9 for before, after in pairwise(stored))


@pytest.mark.parametrize(("mode", "buy", "sell"), [(Mode.FORCE_DISCHARGE, [0.3, 0.1], 0.5), (Mode.FORCE_CHARGE, [0.01, 0.5], 0.0)])
def test_promises_nothing_that_no_mode_of_this_inverter_does(mode: Mode, buy: list[float], sell: float) -> None:
    modes = tuple(each for each in Mode if each is not mode)
    solution = lp.solve(problem(buy=buy, sell=sell, load_kw=0.5, minutes=60, site=house(modes=modes)))

    for step in solution.steps:
        assert step.discharge_kw <= 0.5 + 1e-6
        assert step.charge_kw == 0


def test_equal_prices_are_used_in_one_run_as_late_as_can_be() -> None:
    question = problem(buy=[0.05] * 12 + [0.35] * 12, sell=0.03, load_kw=1, start_kwh=2, minutes=15)
    late = charging(lp.solve(question))
    early = charging(lp.solve(replace(question, site=replace(question.site, charges_late=False))))

    assert sum(late) == sum(early) > 1
    assert late[12 - sum(late) : 12] == early[: sum(early)] == [True] * sum(late)


def test_a_flat_tariff_buys_nothing_while_the_battery_has_more_than_its_reserve() -> None:
    question = problem(buy=[0.25] * 8, sell=0.05, load_kw=1, start_kwh=3, minutes=60, end_value=0.95 * 0.23)

    for step in lp.solve(question).steps:
        assert step.import_kw < 0.01 or step.stored_kwh < 1.01


def test_a_slot_that_ends_beside_what_is_wished_for_it_is_named() -> None:
    question = problem(buy=[0.1, 0.4, 0.1], load_kw=0.5, start_kwh=2, minutes=60, site=house(battery(power_kw=2)))
    wished = replace(question, slots=(*question.slots[:2], replace(question.slots[2], least_kwh=8.0)))
    solution = lp.solve(wished)

    assert [step.charge_kw for step in solution.steps] == pytest.approx([2, 2, 2])
    (broken,) = solution.violations
    assert broken.limit == "least_soc"
    assert broken.amount == pytest.approx(8 - 2 - 6 * 0.95, abs=1e-3)


def test_sells_the_sun_rather_than_storing_it_where_a_refill_is_cheaper() -> None:
    solution = lp.solve(problem(buy=[0.30, 0.05, 0.40], sell=[0.15, 0, 0], load_kw=[0, 0, 4], solar_kw=[3, 0, 0], start_kwh=1, minutes=60))

    assert solution.steps[0].export_kw == pytest.approx(3)
    assert solution.steps[1].charge_kw == pytest.approx(4 / 0.9025)


def test_the_value_of_a_stored_kwh_is_what_it_will_save() -> None:
    solution = lp.solve(problem(buy=[0.10, 0.40], load_kw=[0, 3], sell=0, start_kwh=1, minutes=60, site=house(battery(power_kw=1))))

    assert solution.steps[0].stored_kwh_value == pytest.approx(0.95 * (0.40 - 0.02), abs=1e-5)


def test_a_reserve_that_is_not_there_is_restored_first_and_named_with_its_end() -> None:
    site = house(battery(reserve_kwh=5, power_kw=3))
    solution = lp.solve(problem(buy=[0.5, 0.05, 0.05, 0.05], start_kwh=1, load_kw=0.5, minutes=60, site=site))

    assert charging(solution)[0]
    (broken,) = solution.violations
    assert (broken.limit, broken.unit, broken.at) == ("reserve", "kWh", START)
    assert broken.amount == pytest.approx(5 - 1 - 3 * 0.95, abs=0.01)
    assert broken.until == START + timedelta(hours=1)


def test_a_limit_exceeded_at_the_start_is_used_up_not_sold_at_a_loss() -> None:
    site = house(battery(limit_kwh=8))
    solution = lp.solve(problem(buy=[0.3, 0.3, 0.3], sell=-0.05, load_kw=1, start_kwh=10, minutes=60, end_value=0.1, site=site))

    (broken,) = solution.violations
    assert (broken.limit, broken.at, broken.until) == ("limit", START, START + timedelta(hours=1))
    assert max(step.export_kw for step in solution.steps) == 0


def test_a_load_above_the_fuse_is_served_and_named() -> None:
    site = house(battery(power_kw=1), import_limit_kw=5)
    solution = lp.solve(problem(buy=[0.1, 0.1, 0.1], load_kw=[1, 8, 1], minutes=60, site=site))

    assert solution.steps[1].import_kw == pytest.approx(7)
    (broken,) = solution.violations
    assert (broken.limit, broken.unit, broken.until) == ("import_limit", "kW", START + timedelta(hours=2))
    assert broken.amount == pytest.approx(2, abs=1e-4)


def test_sun_without_a_throttle_above_the_export_limit_is_named_to_the_horizon() -> None:
    site = house(battery(), export_limit_kw=2, curtailable=False)
    solution = lp.solve(problem(buy=[0.1], solar_kw=6, start_kwh=10, site=site))

    (broken,) = solution.violations
    assert (broken.limit, broken.until) == ("export_limit", None)
    assert broken.amount == pytest.approx(4)


def test_a_small_shared_inverter_does_not_stop_the_house_from_buying() -> None:
    site = house(battery(capacity_kwh=0, power_kw=0), ac_limit_kw=5)
    solution = lp.solve(problem(buy=[0.2], load_kw=7.5, solar_kw=8, start_kwh=0, site=site))

    assert solution.steps[0].import_kw == pytest.approx(2.5)


def test_burns_nothing_to_make_room_for_a_negative_price() -> None:
    site = house(battery(wear_per_kwh=0.0), export_limit_kw=0)
    question = problem(buy=[0.01, -0.5], sell=0, start_kwh=10, minutes=60, site=site)

    assert [min(step.charge_kw, step.discharge_kw) for step in lp.solve(question).steps] == [0, 0]


def self_use_cost(question: Problem) -> float:
    steps, stored = [], question.start_kwh
    for slot in question.slots:
        steps.append(behave(question.site, slot, Command(mode=Mode.SELF_USE), stored))
        stored = steps[-1].stored_kwh
    return worth(question, steps)


@pytest.mark.slow
def test_is_never_dearer_than_self_use() -> None:
    for question in drawn.at_random(60, seed=11):
        least_penalties = replace(question, start_kwh=max(question.start_kwh, question.site.battery.reserve_kwh))

        assert lp.solve(least_penalties).objective <= self_use_cost(least_penalties) + 0.001 * (1 + abs(self_use_cost(least_penalties)))


SIX_HOURS = problem(
    buy=[0.12, -0.02, 0.08, 0.30, 0.30, 0.30],
    sell=0.15,
    load_kw=[0.5, 0.7, 1.5, 2, 2, 1],
    solar_kw=[0, 1, 3, 0, 0, 0],
    minutes=60,
    end_value=0.1,
)


@pytest.mark.slow
def test_the_same_problem_has_the_same_plan_to_the_byte_here_and_in_a_fresh_process() -> None:
    here = [repr(lp.solve(SIX_HOURS).steps) for _ in range(2)]
    script = "from app.optimizer import lp; from tests.optimizer.test_lp import SIX_HOURS; print(repr(lp.solve(SIX_HOURS).steps))"
    there = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )

    assert here[0] == here[1]
    assert there.stdout.strip() == here[0]


def test_on_a_flat_tariff_the_battery_waits_rather_than_flutters() -> None:
    solution = lp.solve(problem(buy=[0.2] * 8, sell=0, load_kw=1, start_kwh=1, minutes=60))

    assert not any(charging(solution))


def test_of_equally_cheap_hours_the_last_charges() -> None:
    solution = lp.solve(problem(buy=[0.05, 0.05, 0.05, 0.4], load_kw=[0, 0, 0, 4], sell=0, start_kwh=1, minutes=60))

    assert charging(solution) == [False, False, True, False]


def hard(site: Site | None = None) -> Problem:
    """Two days of paid imports at 15 minutes under a dear export: more choices than a moment can search."""
    dice = np.random.default_rng(3)
    return problem(
        buy=dice.uniform(-0.15, 0.2, 192).tolist(),
        sell=0.15,
        load_kw=dice.gamma(1, 0.6, 192).tolist(),
        solar_kw=np.maximum(0, 4 * np.sin(np.arange(192) / 96 * 2 * np.pi)).tolist(),
        minutes=15,
        end_value=0.1,
        site=site,
    )


BEST_OF_HARD, BOUND_OF_HARD = -23.0282, -23.0364
"""The best there is, searched for once for a minute, and what that proved."""


def test_what_is_hard_to_search_is_found_and_states_its_gap() -> None:
    solution = lp.solve(hard())

    assert solution.objective == pytest.approx(BEST_OF_HARD, rel=0.001)
    assert solution.objective - solution.gap * abs(solution.objective) <= BOUND_OF_HARD + 0.001
    assert worth(hard(), solution.steps) == pytest.approx(solution.objective, abs=0.001)


def test_without_any_time_there_is_no_plan() -> None:
    with pytest.raises(InfeasibleError, match="TimeLimit"):
        lp.solve(hard(), time_limit_s=0.0)


def test_an_easy_plan_is_proved_to_its_end() -> None:
    solution = lp.solve(problem(buy=[0.10, 0.40, 0.2], load_kw=1, sell=0.05, start_kwh=1, minutes=60))

    assert solution.status is PlanStatus.OPTIMAL
    assert solution.gap == 0


def test_a_plan_survives_a_trip_through_bytes() -> None:
    steps = lp.solve(SIX_HOURS).steps

    assert pickle.loads(pickle.dumps(steps)) == steps  # noqa: S301 - its own bytes


def test_no_grid_charging_is_planned_where_no_mode_does_it() -> None:
    site = house(modes=(Mode.SELF_USE, Mode.HOLD))
    days = {"buy": [0.02, 0.02, 0.40, 0.40], "solar_kw": [0, 3, 0, 0], "load_kw": 1, "start_kwh": 1, "minutes": 60}

    able, unable = lp.solve(problem(**days)), lp.solve(problem(**days, site=site))  # type: ignore[arg-type]

    assert charging(able)[0]
    assert [step.charge_kw for step in unable.steps] == pytest.approx([0, 2, 0, 0], abs=1e-6)
