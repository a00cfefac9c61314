"""Optimize: one problem in, plan and decision out, nothing stored."""

from datetime import datetime

from app.control.decide import Situation
from app.control.resolve import resolve
from app.domain.decision import Decision
from app.domain.plan import Plan
from app.domain.slot import Slot
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Problem
from app.usecases import ports
from app.usecases.worded import worded


def optimize(problem: Problem, words: ports.Words, *, now: datetime, time_limit_s: float) -> tuple[Plan, Decision]:
    """Return what to do in the first slot, and the cheapest plan that goes on from it.

    Raises:
        InfeasibleError: no plan was proved in time.
    """
    paths = Paths.single([each.load_kw for each in problem.slots], [each.solar_kw for each in problem.slots])
    plan, verdict = resolve(problem, paths).planned(now=now, time_limit_s=time_limit_s)
    first = problem.slots[0].priced
    slot = Slot(first.slot.start, first.slot.end)
    soc_pct = problem.site.battery.pct(problem.start_kwh)
    situation = Situation(site=problem.site, slot=slot, now=now, priced=first, soc_pct=soc_pct)
    return plan, worded(words, situation, verdict)
