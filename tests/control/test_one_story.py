"""Mode, reason and flows of every slot of many random days tell one story."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.control.choose import choose
from app.control.decide import Verdict, from_choice
from app.control.explain import NEGLIGIBLE_KW
from app.domain.decision import ReasonCode
from app.domain.plan import Plan, PlanSource, PlanStatus
from app.domain.site import Coupling, Mode, Site
from app.optimizer.problem import Problem
from app.optimizer.rules import behave
from tests.builders import START
from tests.control.test_choose import foreseen
from tests.optimizer import drawn

QUICK, MANY = 40, 1000


@pytest.mark.parametrize("first", [0])
def test_a_few_random_days_tell_one_story(first: int) -> None:
    assert_one_story(list(drawn.at_random(QUICK, seed=first)))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_days_tell_one_story(part: int) -> None:
    assert_one_story(list(drawn.at_random(MANY, seed=2026))[part * MANY // 10 : (part + 1) * MANY // 10])


def assert_one_story(days: list[Problem]) -> None:
    for n, day in enumerate(days):
        for question, verdict in decided(day):
            for complaint in contradictions(question.site, verdict):
                pytest.fail(f"day {n}, {question.slots[0].priced.slot.start}: {verdict.command} because {verdict.reason!r}: {complaint}")


def decided(day: Problem) -> Iterator[tuple[Problem, Verdict]]:
    """Decide every slot of a day, each from where the one before has left the battery."""
    stored = day.start_kwh
    for n in range(len(day.slots)):
        question = replace(day, slots=day.slots[n:], start_kwh=min(max(0.0, stored), day.site.battery.capacity_kwh))
        verdict = from_choice(question, no_plan(question), choose(question, foreseen(question)))
        yield question, verdict
        stored = behave(day.site, day.slots[n], verdict.command, question.start_kwh).stored_kwh


def no_plan(question: Problem) -> Plan:
    """Return the frame of a plan: a verdict takes nothing of it but whose it is."""
    return Plan(
        id="none",
        site=question.site.id,
        created_at=START,
        source=PlanSource.OPTIMIZER,
        status=PlanStatus.OPTIMAL,
        fingerprint="",
        start_kwh=question.start_kwh,
        end_value_per_kwh=question.end_value_per_kwh,
        steps=(),
        cost=0.0,
    )


def contradictions(site: Site, verdict: Verdict) -> Iterator[str]:
    """Yield what in mode, reason and expected flows cannot all be so."""
    step, code, mode = verdict.step, verdict.reason_code, verdict.command.mode
    assert step is not None
    surplus, deficit = step.solar_kw - step.load_kw, step.load_kw - step.solar_kw
    charges, gives, sells = (kw > NEGLIGIBLE_KW for kw in (step.charge_kw, step.discharge_kw, step.export_kw))
    passes = site.inverter.ac_limit_kw if site.inverter.coupling is Coupling.DC else step.solar_kw
    bought_for_it = step.charge_kw > max(0.0, surplus, step.solar_kw - passes) + NEGLIGIBLE_KW  # what is not passed can only be stored
    if mode is Mode.HOLD and (gives or bought_for_it):
        yield "a hold that moves the battery"
    if mode in {Mode.SELF_USE, Mode.FEED_IN_FIRST, Mode.HOLD} and bought_for_it:
        yield "it charges from the grid in a mode that does not"
    if mode in {Mode.SELF_USE, Mode.FEED_IN_FIRST} and step.discharge_kw > max(0.0, deficit) + NEGLIGIBLE_KW:
        yield "it sells from the battery in a mode that does not"
    if mode is Mode.FORCE_CHARGE and gives:
        yield "a charge that gives"
    if mode is Mode.FORCE_DISCHARGE and charges:
        yield "a discharge that takes"
    told = {
        ReasonCode.EXPORT_PEAK: sells and gives,
        ReasonCode.EXPORT_SURPLUS: sells or step.curtailed_kw > NEGLIGIBLE_KW or charges,
        ReasonCode.STORE_SURPLUS: not bought_for_it,
        ReasonCode.CHEAP_CHARGE: bought_for_it or not charges,  # the last drops of a battery that is nearly full
        ReasonCode.SERVE_LOAD: gives and deficit > 0 and not (sells and mode is Mode.FORCE_DISCHARGE),
        ReasonCode.KEEP_FOR_LATER: not gives,
        ReasonCode.BATTERY_IDLE: step.charge_kw + step.discharge_kw < 2 * NEGLIGIBLE_KW or mode in {Mode.SELF_USE, Mode.FEED_IN_FIRST},
        ReasonCode.NEGATIVE_PRICE: step.priced.import_per_kwh < 0,
    }
    if not told.get(code, True):
        flows = f"{surplus:+.2f} kW of sun beyond the load, {step.charge_kw:.2f} in, {step.discharge_kw:.2f} out, {step.export_kw:.2f} sold"
        yield f"{code} is not what flows: {flows}"
