"""The plan that is stored and shown goes on from the mode that was decided, whatever house, price and weather."""

from functools import cache

import numpy as np
import pytest

from app.control.resolve import resolve
from app.domain.asset import BATTERY, SOLAR
from app.domain.site import Coupling, Site
from app.forecasting.scenarios import Paths
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem
from app.optimizer.rules import behave
from app.templates.labels import VendorWords
from app.usecases.optimize import optimize
from tests.builders import START, battery, house, problem
from tests.optimizer import drawn

SLOTS, PATHS = 8, 12


def a_house(dice: np.random.Generator) -> Site:
    """Return a house with limits that often bind."""
    return house(
        battery(
            limit_kwh=float(dice.choice([9.0, 10.0])), efficiency=float(dice.choice([0.9, 1.0])), power_kw=float(dice.choice([2.5, 8.0]))
        ),
        coupling=Coupling.DC if dice.random() < 0.5 else Coupling.AC,
        ac_limit_kw=float(dice.choice([3.0, 5.0, 100.0])),
        import_limit_kw=float(dice.choice([4.0, 15.0])),
        export_limit_kw=float(dice.choice([0.0, 3.6, 5.0])),
        curtailable=bool(dice.random() < 0.6),
    )


def a_question(dice: np.random.Generator) -> tuple[Problem, Paths]:
    """Return a problem of any prices, export above import and negative ones among them, and paths around its load and sun."""
    load, sun = dice.exponential(1.0, SLOTS), np.maximum(0.0, dice.normal(0.0, 3.0, SLOTS))
    question = problem(
        buy=dice.normal(0.15, 0.15, SLOTS).tolist(),
        sell=dice.normal(0.1, 0.1, SLOTS).tolist(),
        load_kw=load.tolist(),
        solar_kw=sun.tolist(),
        start_kwh=float(dice.choice([0.2, 1.0, 5.0, 9.5, 10.0])),
        first_minutes=float(dice.choice([1, 12, 30])),
        end_value=0.1,
        site=a_house(dice),
    )
    paths = Paths(
        load_kw=load * dice.lognormal(0.0, 0.7, (PATHS, SLOTS)),
        solar_kw=sun * dice.lognormal(0.0, 0.5, (PATHS, SLOTS)),
        weight=np.full(PATHS, 1 / PATHS),
    )
    return question, paths


@pytest.mark.parametrize("seed", range(20))
def test_the_first_step_is_what_the_decided_mode_does(seed: int) -> None:
    question, paths = a_question(np.random.default_rng(seed))
    resolved = resolve(question, paths)

    first = resolved.planned(now=START, time_limit_s=10)[0].steps[0]

    powers = (first.charge_kw - first.discharge_kw, first.curtailed_kw - first.solar_kw)
    assert powers == pytest.approx((resolved.powers_kw[BATTERY], resolved.powers_kw[SOLAR]), abs=1e-5)


def test_a_plan_alone_would_begin_otherwise_in_some_houses() -> None:
    asked = [a_question(np.random.default_rng(seed)) for seed in range(20)]
    alone = [make_plan(question, now=START, time_limit_s=10).steps[0] for question, _ in asked]
    decided = [resolve(question, paths).powers_kw[BATTERY] for question, paths in asked]

    assert any(abs(step.charge_kw - step.discharge_kw - kw) > 0.5 for step, kw in zip(alone, decided, strict=True))


MADE_UP = 120


@pytest.mark.parametrize("number", range(MADE_UP))
def test_plan_and_decision_say_the_same_of_the_first_slot_where_one_line_of_load_and_sun_is_known(number: int) -> None:
    question = made_up()[number]
    slot = question.slots[0]
    plan, decision = optimize(question, VendorWords(), now=slot.priced.slot.start, time_limit_s=10)
    does = behave(question.site, slot, decision.command, question.start_kwh)

    first = plan.steps[0]

    assert decision.plan_id == plan.id
    assert (first.charge_kw - first.discharge_kw, first.import_kw, first.export_kw) == pytest.approx(
        (does.charge_kw - does.discharge_kw, does.import_kw, does.export_kw), abs=0.01
    )
    assert decision.expected_soc_pct == pytest.approx(question.site.battery.pct(first.stored_kwh), abs=0.1)


@cache
def made_up() -> tuple[Problem, ...]:
    return tuple(drawn.at_random(MADE_UP, seed=11))
