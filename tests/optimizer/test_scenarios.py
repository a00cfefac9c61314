"""Whole days, each with the reason it is here: what they cost and which modes carry them out."""

import json
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from app.control.mapped import mapped
from app.domain.plan import Plan
from app.domain.slot import slots_between
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem
from tests.builders import battery, house, problem
from tests.optimizer.reference import cheapest, worth

DAYS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.json"))


def asked(day: dict[str, Any]) -> Problem:
    return problem(
        buy=day["buy"],
        sell=day["sell"],
        load_kw=day["load_kw"],
        solar_kw=day["solar_kw"],
        start_kwh=day["start_kwh"],
        end_value=day["end_value_per_kwh"],
        minutes=day["minutes"],
        start=datetime.fromisoformat(day["start"]),
        site=house(battery(), ac_limit_kw=5, export_limit_kw=day.get("export_limit_kw", 5)),
    )


def modes(question: Problem, plan: Plan) -> list[str]:
    """Return the modes that carry the plan out, with how many slots each lasts: `hold x4`."""
    starts = [plan.start_kwh, *(step.stored_kwh for step in plan.steps)]
    rests = (replace(plan, start_kwh=starts[n], steps=plan.steps[n:]) for n in range(len(plan.steps)))
    told = [mapped(question.site, rest).mode.value for rest in rests]
    return [f"{mode} x{len(list(run))}" for mode, run in groupby(told)]


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_a_whole_day_costs_and_does_what_its_file_says(path: Path) -> None:
    day = json.loads(path.read_text())
    question = asked(day)

    plan = make_plan(question, now=question.slots[0].priced.slot.start, time_limit_s=10)

    assert len(plan.steps) == day["expect"]["slots"]
    assert worth(question, plan.steps) == pytest.approx(day["expect"]["objective"], abs=0.005)
    assert cheapest(question) == pytest.approx(day["expect"]["objective"], abs=0.005)
    assert modes(question, plan) == day["expect"]["modes"]
    assert all(min(step.import_kw, step.export_kw) == 0 for step in plan.steps)


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_a_whole_day_is_there_for_a_reason_and_leaves_no_slot_out(path: Path) -> None:
    day = json.loads(path.read_text())
    slots = [slot.priced.slot for slot in asked(day).slots]

    assert len(day["why"]) > 40
    assert tuple(slots) == slots_between(slots[0].start, slots[-1].end, minutes=day["minutes"])
