"""A device the optimizer has never heard of takes part by its own file alone; see `pump.py`."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.domain.asset import Asset, AssetId, AssetKind
from app.domain.errors import InfeasibleError, InvalidInputError
from app.domain.site import Coupling
from app.optimizer import lp
from app.optimizer.check import prove
from app.optimizer.lp import Solution
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem
from tests.builders import START, battery, house, problem
from tests.optimizer import drawn
from tests.optimizer.pump import Pump
from tests.optimizer.reference import cheapest

HOUR = timedelta(hours=1)
PUMP = Pump(needs_kwh=6.0, by=START + 4 * HOUR, max_kw=3.0)


def asked(*pumps: Pump, **changes: object) -> Problem:
    usual = problem(
        buy=[0.30, 0.10, 0.05, 0.40, 0.30], load_kw=1.0, minutes=60, start_kwh=1.0, site=house(battery(power_kw=0.0), coupling=Coupling.AC)
    )
    return replace(usual, assets=pumps, **changes)  # type: ignore[arg-type]


def pumped(solution: Solution) -> list[float]:
    traces = [step.trace(PUMP.id) for step in solution.steps]
    return [round(trace.power_kw, 3) for trace in traces if trace is not None]


def test_runs_where_energy_is_cheapest_and_is_done_in_time() -> None:
    assert pumped(lp.solve(asked(PUMP))) == [0, 3, 3, 0, 0]


def test_its_trace_stands_in_every_step_and_in_the_house_s_balance() -> None:
    solution = lp.solve(asked(PUMP))

    for step in solution.steps:
        assert [trace.asset for trace in step.traces] == ["solar", "battery", "pump"]
        assert step.import_kw - step.export_kw == pytest.approx(step.load_kw + sum(trace.power_kw for trace in step.traces))
    assert [step.traces[-1].state["pumped_kwh"] for step in solution.steps] == pytest.approx([0, 3, 6, 6, 6])


def test_a_need_above_the_connection_s_limit_overloads_it_only_as_far_as_it_must() -> None:
    tight = house(battery(power_kw=0.0), import_limit_kw=3.0, coupling=Coupling.AC)

    solution = lp.solve(asked(replace(PUMP, needs_kwh=10.0), site=tight))

    assert [violation.limit for violation in solution.violations] == ["pump_needs"]  # 2 kW beside the load in each of four hours
    assert solution.violations[0].amount == pytest.approx(2.0)
    assert max(step.import_kw for step in solution.steps) == pytest.approx(3.0)


def test_a_need_that_is_worth_an_overload_moves_the_bound_of_the_import() -> None:
    tight = house(battery(power_kw=0.0), import_limit_kw=3.0, coupling=Coupling.AC)

    solution = lp.solve(asked(replace(PUMP, needs_kwh=10.0, short_per_kwh=1000.0), site=tight))

    assert [(violation.limit, violation.unit) for violation in solution.violations] == [("import_limit", "kW")]
    assert sum(max(0.0, step.import_kw - 3.0) for step in solution.steps) == pytest.approx(2.0)
    assert sum(pumped(solution)) == pytest.approx(10.0)


def test_it_is_not_fed_through_a_shared_inverter_beyond_its_limit() -> None:
    small = house(battery(power_kw=5.0), ac_limit_kw=2.0, coupling=Coupling.DC)
    at_once = replace(PUMP, needs_kwh=3.0, by=START + HOUR)

    first = lp.solve(asked(at_once, start_kwh=10.0, site=small)).steps[0]

    assert (first.discharge_kw, first.import_kw) == pytest.approx((2.0, 2.0))  # for a load of 1 kW and 3 kW of pump


@pytest.mark.parametrize("seed", range(40))
def test_no_cheaper_plan_exists_with_it_in_a_made_up_house(seed: int) -> None:
    dice, asked_of = np.random.default_rng(seed), list(drawn.at_random(40))[seed]
    ends = [slot.priced.slot.end for slot in asked_of.slots]
    pump = Pump(needs_kwh=float(dice.uniform(0.5, 15)), by=ends[int(dice.integers(len(ends)))], max_kw=float(dice.choice([1.0, 4.0, 9.0])))
    question = replace(asked_of, assets=(pump, replace(pump, id=AssetId("other pump"), short_per_kwh=200.0)))

    assert lp.solve(question).objective == pytest.approx(cheapest(question), rel=1e-3, abs=1e-3)


def test_what_its_trace_says_is_proved() -> None:
    steps = lp.solve(asked(PUMP)).steps
    too_fast = replace(steps[1].traces[-1], draws_kw=4.0, state={"pumped_kwh": 4.0})
    too_much = replace(steps[1].traces[-1], state={"pumped_kwh": 3.1})

    for trace, complaint in ((too_fast, "does not balance"), (too_much, "the pump does not add up")):
        with pytest.raises(InfeasibleError, match=complaint):
            prove(asked(PUMP), (steps[0], replace(steps[1], traces=(*steps[1].traces[:-1], trace)), *steps[2:]))
    with pytest.raises(InfeasibleError, match="a device is missing"):
        prove(asked(PUMP), [replace(step, traces=step.traces[:-1]) for step in steps])


def test_what_is_decided_for_it_holds() -> None:
    solution = lp.solve(asked(PUMP), decided={PUMP.id: 1.5})

    assert pumped(solution)[0] == 1.5


def test_it_is_part_of_what_makes_two_problems_the_same() -> None:
    assert asked(PUMP).fingerprint == asked(replace(PUMP)).fingerprint
    assert len({asked(PUMP).fingerprint, asked().fingerprint, asked(replace(PUMP, needs_kwh=5.0)).fingerprint}) == 3


def test_its_plan_says_what_it_does() -> None:
    plan = make_plan(asked(PUMP), now=START, time_limit_s=5)

    assert [trace.power_kw for step in plan.steps if (trace := step.trace(PUMP.id))] == pytest.approx([0, 3, 3, 0, 0])


def test_a_device_without_a_part_is_not_left_out_silently() -> None:
    with pytest.raises(InvalidInputError, match="no part for sauna, a heat"):
        lp.solve(replace(asked(), assets=(Asset(id=AssetId("sauna"), kind=AssetKind.HEAT),)))


def test_two_devices_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="two devices of one name"):
        asked(PUMP, PUMP)
