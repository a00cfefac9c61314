"""Optimize: one problem in, plan and decision out, nothing stored."""

from datetime import datetime

from app.control.choose import choose
from app.control.decide import Situation, from_choice, write_up
from app.domain.decision import Decision
from app.domain.plan import Plan
from app.domain.slot import Slot
from app.forecasting.scenarios import Paths
from app.optimizer.plan import make_plan
from app.optimizer.problem import Problem


def optimize(problem: Problem, *, now: datetime, time_limit_s: float) -> tuple[Plan, Decision]:
    """Return the cheapest plan and what it means for the first slot.

    Raises:
        InfeasibleError: no plan was proved in time.
    """
    plan = make_plan(problem, now=now, time_limit_s=time_limit_s)
    first = problem.slots[0].priced
    slot = Slot(first.slot.start, first.slot.end)
    soc_pct = problem.site.battery.pct(problem.start_kwh)
    situation = Situation(site=problem.site, slot=slot, now=now, priced=first, soc_pct=soc_pct)
    paths = Paths.single([each.load_kw for each in problem.slots], [each.solar_kw for each in problem.slots])
    return plan, write_up(situation, from_choice(problem, plan, choose(problem, paths)))
