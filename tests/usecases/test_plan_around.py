"""What people wish and force is part of the plan: of its flows, its costs, and what is said."""

from datetime import time, timedelta

import pytest

from app.domain.decision import Command
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode
from app.domain.wish import SocWish
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, forced

HALF_HOUR = timedelta(minutes=30)
SELLS = Command(mode=Mode.FORCE_DISCHARGE, power_kw=3.0)


def test_an_override_shapes_the_plan_and_says_what_it_costs() -> None:
    home = FakeHome().priced()
    planned = home.ask(NIGHT)
    home.execute.force(HOME, forced(SELLS, NIGHT, NIGHT + 2 * HALF_HOUR))
    decision = home.ask(NIGHT + timedelta(seconds=1))
    plan = home.plans.rows[decision.plan_id or ""]

    assert decision.plan_source is PlanSource.OVERRIDE
    assert [step.discharge_kw for step in plan.steps[:2]] == pytest.approx([3.0, 3.0], abs=0.01)
    assert plan.steps[2].discharge_kw < 3.0
    assert decision.explanation is not None
    assert "more than what would be planned" in decision.explanation.words
    assert decision.reason == home.ask(NIGHT + timedelta(minutes=5)).reason, "an executor knows the wish again by it"
    assert decision.expected_soc_pct is not None
    assert planned.expected_soc_pct is not None
    assert decision.expected_soc_pct < planned.expected_soc_pct - 10


def test_an_override_of_later_is_planned_for_now() -> None:
    home = FakeHome().priced()
    later = NIGHT + 4 * HALF_HOUR
    home.execute.force(HOME, forced(SELLS, later, later + HALF_HOUR, set_at=NIGHT))
    decision = home.ask(NIGHT)
    step = home.plans.rows[decision.plan_id or ""].step_at(later)

    assert decision.plan_source is PlanSource.OPTIMIZER
    assert step is not None
    assert step.discharge_kw == pytest.approx(3.0, abs=0.01)


def test_a_charge_wished_by_a_time_is_planned_for() -> None:
    home = FakeHome().priced()
    by = (NIGHT + 6 * HALF_HOUR).astimezone(home.site.zone)
    home.become(soc_wishes=(SocWish(least_pct=90, end=time(by.hour, by.minute)),))
    decision = home.ask(NIGHT)
    step = home.plans.rows[decision.plan_id or ""].step_at(NIGHT + 5 * HALF_HOUR)

    assert step is not None
    assert home.site.battery.pct(step.stored_kwh) >= 90 - 1e-6
