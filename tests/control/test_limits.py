"""Limits of the connection are limits for decisions, too: in every mode, for what is expected and for what flows now."""

from dataclasses import replace

import numpy as np
import pytest

from app.control.resolve import resolve
from app.domain.decision import Command, ReasonCode
from app.domain.house import run_slot
from app.domain.site import Coupling, Mode, Site
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Measured, Problem
from tests.builders import START, house, problem
from tests.control.test_choose import chosen, foreseen

FUSE = house(import_limit_kw=13.8)
UNTHROTTLED = house(coupling=Coupling.AC, export_limit_kw=3.0, curtailable=False)


def import_kw(question: Problem, command: Command) -> float:
    slot = question.slots[0]
    flows = run_slot(question.site, command, stored_kwh=question.start_kwh, solar_kw=slot.solar_kw, load_kw=slot.load_kw, hours=slot.hours)
    return float(flows.import_kw)


def night(site: Site = FUSE, *, start_kwh: float = 6.0) -> Problem:
    """Two hours of 15 kW at 7p before a dear day."""
    load = [15.0] * 4 + [1.0] * 16
    return problem(buy=[0.07] * 4 + [0.35] * 16, sell=0.05, load_kw=load, start_kwh=start_kwh, end_value=0.06, site=site)


def test_a_load_above_the_fuse_is_met_from_the_battery_at_any_price_and_with_no_more_than_it_takes() -> None:
    question = night()
    best = chosen(question).best

    assert import_kw(question, best.command) <= 13.8 + 1e-6
    assert best.discharge_kw == pytest.approx(1.2, abs=0.06)


@pytest.mark.parametrize("modes", [(Mode.SELF_USE,), (Mode.SELF_USE, Mode.HOLD), (Mode.SELF_USE, Mode.FORCE_CHARGE, Mode.HOLD)], ids=len)
def test_an_inverter_with_few_modes_keeps_the_fuse_with_what_it_has(modes: tuple[Mode, ...]) -> None:
    best = chosen(night(replace(FUSE, inverter=replace(FUSE.inverter, modes=modes)))).best

    assert best.command.mode is Mode.SELF_USE
    assert best.over_kw == 0


def test_sun_that_cannot_be_throttled_is_stored_before_too_much_of_it_is_sold() -> None:
    question = problem(buy=[0.2] * 6, sell=0.15, load_kw=0.5, solar_kw=[6.0, 6.0, 3, 1, 0, 0], start_kwh=5, minutes=60, site=UNTHROTTLED)
    best = chosen(question).best

    assert best.export_kw <= 3.0 + 1e-6
    assert best.charge_kw >= 2.5 - 1e-6


@pytest.mark.parametrize("start_kwh", [1.0, 1.1])
def test_what_nothing_helps_against_is_named_in_reason_and_plan(start_kwh: float) -> None:
    question = night(start_kwh=start_kwh)
    plan, verdict = resolve(question, foreseen(question)).planned(now=START, time_limit_s=10)

    assert verdict.reason_code is ReasonCode.GRID_LIMIT
    assert "13.8 kW" in verdict.reason
    assert "too much" in verdict.reason
    assert ("import_limit", START) in [(each.limit, each.at) for each in plan.violations]


def test_what_flows_now_counts_not_only_what_is_expected() -> None:
    calm = problem(buy=[0.07] * 4 + [0.35] * 16, sell=0.05, load_kw=1.0, start_kwh=6, end_value=0.06, site=FUSE)
    drawn = replace(calm, measured=Measured(load_kw=15.0, solar_kw=0.0))

    assert chosen(calm).best.command.mode is Mode.HOLD
    assert chosen(drawn).best.command.mode is not Mode.HOLD
    assert chosen(drawn).best.over_kw == 0
    assert drawn.fingerprint != calm.fingerprint
    assert replace(calm, measured=Measured(load_kw=1.5, solar_kw=0.0)).fingerprint == calm.fingerprint


def test_an_alternative_that_breaks_a_limit_says_so_and_tells_no_penalty_as_money() -> None:
    question = night()
    _, verdict = resolve(question, foreseen(question)).planned(now=START, time_limit_s=10)
    hold = next(each for each in verdict.alternatives if each.command.mode is Mode.HOLD)

    assert hold.why_not == "hold would leave 1.2 kW more on the connection than it may carry"
    assert hold.extra_cost < 1


def test_one_path_above_the_fuse_is_enough() -> None:
    question = problem(buy=[0.07] * 2 + [0.35] * 8, sell=0.05, load_kw=1.0, start_kwh=6, site=FUSE)
    load = np.ones((10, 10))
    load[0, 0] = 15.0
    found = resolve(question, Paths(load_kw=load, solar_kw=np.zeros_like(load), weight=np.full(10, 0.1))).choice

    assert found.best.over_kw == 0
    assert found.keeps_limit
