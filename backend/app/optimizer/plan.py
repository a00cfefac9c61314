"""From a solution to the plan that is stored and shown."""

from collections.abc import Mapping
from datetime import datetime

from app.domain.asset import AssetId
from app.domain.plan import Plan, PlanSource
from app.optimizer import lp
from app.optimizer.problem import Problem
from app.optimizer.yardstick import in_money, in_yardsticks


def make_plan(
    problem: Problem,
    *,
    now: datetime,
    time_limit_s: float,
    relative_gap: float = lp.RELATIVE_GAP,
    decided: Mapping[AssetId, float] | None = None,
) -> Plan:
    """Return the cheapest checked plan for a problem; with `decided`, the cheapest that goes on from it.

    That names the powers in kW, drawing positive, of what is decided already for the first slot.

    Raises:
        InfeasibleError: none was proved in time.
    """
    solution = lp.solve(in_yardsticks(problem), time_limit_s=time_limit_s, relative_gap=relative_gap, decided=decided)
    steps = in_money(problem, solution.steps)
    return Plan(
        id=plan_id(now, problem, PlanSource.OPTIMIZER),
        site=problem.site.id,
        created_at=now,
        source=PlanSource.OPTIMIZER,
        status=solution.status,
        fingerprint=problem.fingerprint,
        start_kwh=problem.start_kwh,
        end_value_per_kwh=problem.end_value_per_kwh,
        steps=steps,
        cost=sum(step.cost for step in steps),
        gap=solution.gap,
        solve_s=solution.solve_s,
        violations=solution.violations,
    )


def plan_id(now: datetime, problem: Problem, source: PlanSource) -> str:
    """Return a name that is the same for the same inputs at the same second, and sorts by time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{source[:3]}-{problem.fingerprint[:8]}"
