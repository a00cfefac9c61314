"""From the plan's first slot to the mode that does it, and what every other mode would cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

from app.control.explain import NEGLIGIBLE_KW
from app.domain.decision import Command
from app.domain.errors import InfeasibleError
from app.domain.house import available_kw, room_kw
from app.domain.plan import Plan, PlanStep
from app.domain.site import Mode, Site
from app.optimizer import lp
from app.optimizer.problem import Problem
from app.optimizer.rules import behave

CONTINUATION_LIMIT_S = 0.3
"""An alternative's cost explains; it may not delay the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A command, what the house does with it in the first slot, and the cost of that and the best continuation."""

    command: Command
    step: PlanStep
    cost: float | None
    """In currency up to the horizon's end, less the value left in the battery; None when no continuation was proved."""


def mapped(site: Site, plan: Plan) -> Command:
    """Return the mode whose own control loop does what the plan's first slot wants, so that self-use stays self-use.

    A forced setpoint fights the real load; it is used only to buy for the battery or to sell from it.
    """
    step = plan.steps[0]
    surplus, deficit = max(0.0, step.solar_kw - step.load_kw), max(0.0, step.load_kw - step.solar_kw)
    if step.charge_kw > surplus + NEGLIGIBLE_KW:
        return Command(mode=Mode.FORCE_CHARGE, power_kw=round(step.charge_kw, 2), target_soc_pct=_run_target_pct(site, plan))
    if step.discharge_kw > deficit + NEGLIGIBLE_KW:
        return Command(mode=Mode.FORCE_DISCHARGE, power_kw=round(step.discharge_kw, 2), target_soc_pct=_run_target_pct(site, plan))
    hours, store = step.priced.slot.hours, site.battery
    could_store = min(surplus, float(room_kw(site, plan.start_kwh, hours, up_to_kwh=store.top_kwh)))
    if could_store > NEGLIGIBLE_KW and step.charge_kw < could_store / 2 and step.export_kw > NEGLIGIBLE_KW:
        return Command(mode=_offered(site, Mode.FEED_IN_FIRST))
    could_serve = min(deficit, float(available_kw(site, plan.start_kwh, hours, down_to_kwh=store.reserve_kwh)))
    if could_serve > NEGLIGIBLE_KW and step.discharge_kw < could_serve / 2:
        return Command(mode=_offered(site, Mode.HOLD))
    return Command(mode=Mode.SELF_USE)


def candidates(problem: Problem, chosen: Command) -> tuple[Candidate, ...]:
    """Return the chosen command first, then every other mode the inverter offers, each with its cost."""
    others = (Command(mode=mode) for mode in problem.site.inverter.modes if mode is not chosen.mode)
    cost_from = cache(partial(_continuation_cost, problem))  # modes that leave the same charge share what follows
    return tuple(candidate(problem, command, cost_from) for command in (chosen, *others))


def candidate(problem: Problem, command: Command, cost_from: Callable[[float], float] | None = None) -> Candidate:
    """Return a command with its cost: the first slot as the inverter would really behave, then the best continuation."""
    step = behave(problem.site, problem.slots[0], command, problem.start_kwh)
    follows = cost_from or partial(_continuation_cost, problem)
    try:
        return Candidate(command=command, step=step, cost=step.cost + follows(round(step.stored_kwh, 6)))
    except InfeasibleError:
        return Candidate(command=command, step=step, cost=None)


def _continuation_cost(problem: Problem, stored_kwh: float) -> float:
    if len(problem.slots) == 1:
        return -stored_kwh * problem.end_value_per_kwh
    stored = min(stored_kwh, problem.site.battery.capacity_kwh)
    rest = replace(problem, slots=problem.slots[1:], start_kwh=stored)
    return lp.solve(rest, time_limit_s=CONTINUATION_LIMIT_S).objective


def _run_target_pct(site: Site, plan: Plan) -> float:
    """Return the state of charge in % at the end of the run of slots that go on in the first one's direction."""
    charging, stored = plan.steps[0].charge_kw > 0, plan.steps[0].stored_kwh
    for step in plan.steps[1:]:
        if (step.charge_kw if charging else step.discharge_kw) <= NEGLIGIBLE_KW:
            break
        stored = step.stored_kwh
    return round(site.battery.pct(stored), 1)


def _offered(site: Site, mode: Mode) -> Mode:
    return mode if mode in site.inverter.modes else Mode.SELF_USE
