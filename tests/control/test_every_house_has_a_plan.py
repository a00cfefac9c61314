"""Whatever people wish and force in whatever house: there is a decision, and a plan that goes on from it."""

from dataclasses import replace

import numpy as np
import pytest

from app.control.resolve import resolve
from app.domain.decision import Command
from app.domain.site import Mode, Site
from app.optimizer.problem import Problem, ProblemSlot
from tests.builders import START
from tests.control.test_choose import foreseen
from tests.optimizer import drawn

FORCED = (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE)


def some_house(site: Site, dice: np.random.Generator) -> Site:
    """Return a house whose inverter lacks some modes, with some of what can be wished of a battery and a connection."""
    modes = tuple(mode for mode in Mode if mode is Mode.SELF_USE or dice.random() < 0.8)
    soft = bool(dice.random() < 0.2)
    return replace(
        site,
        inverter=replace(site.inverter, modes=modes, limits_export=bool(dice.random() < 0.5)),
        battery=replace(
            site.battery,
            full_per_kwh_hour=1e-5,
            reserve_per_kwh_hour=0.05 if soft else None,
            floor_kwh=0.0 if dice.random() < 0.3 else None,
        ),
        grid=replace(site.grid, charge_limit_kw=float(dice.choice([1.0, 3.0])) if dice.random() < 0.2 else None),
        charges_late=bool(dice.random() < 0.8),
    )


def wished(question: Problem, dice: np.random.Generator) -> Problem:
    """Return a question with wishes for some of its slots, and an order for some in a row."""
    site, capacity = some_house(question.site, dice), question.site.battery.capacity_kwh
    slots = [_wished(slot, capacity, dice) for slot in question.slots]
    if dice.random() < 0.3:
        mode = site.inverter.modes[int(dice.integers(len(site.inverter.modes)))]
        command = Command(mode=mode, power_kw=float(dice.uniform(0.2, 5)) if mode in FORCED else None)
        first = int(dice.integers(len(slots)))
        slots[first : first + 3] = [replace(slot, forced=command) for slot in slots[first : first + 3]]
    return replace(question, site=site, slots=tuple(slots))


def _wished(slot: ProblemSlot, capacity: float, dice: np.random.Generator) -> ProblemSlot:
    least = float(dice.uniform(0, capacity)) if dice.random() < 0.08 else slot.least_kwh
    most = float(dice.uniform(0, capacity)) if dice.random() < 0.08 else slot.most_kwh
    return replace(slot, least_kwh=least, most_kwh=most)


@pytest.mark.parametrize("seed", range(4))
def test_every_random_house_with_wishes_and_orders_is_planned(seed: int) -> None:
    dice = np.random.default_rng(seed)
    for question in drawn.at_random(60, seed=200 + seed):
        asked = wished(question, dice)
        plan, verdict = resolve(asked, foreseen(asked)).planned(now=START, time_limit_s=10)

        assert len(plan.steps) == len(asked.slots)
        first = asked.slots[0].forced
        assert first is None or verdict.command == first
