"""The battery's limits that give way: each with a variable for how far, and a penalty."""

from pulp import LpProblem, LpVariable

from app.optimizer.part import Terms, total
from app.optimizer.problem import Problem
from app.optimizer.weights import ABOVE_LIMIT_PER_KWH_HOUR, BESIDE_WISH_PER_KWH


def keep_limits(lp: LpProblem, problem: Problem, t: int, stored: LpVariable, penalty: Terms) -> LpVariable | None:
    """Keep the charge at a slot's end within reserve and limit, what is wished for the slot, and better not full.

    Return the variable that says how far it is outside its hard limits where it begins there; None where it begins within.
    """
    slot, battery = problem.slots[t], problem.site.battery
    hours, outside = slot.hours, None
    missing, excess = battery.reserve_kwh - problem.start_kwh, problem.start_kwh - battery.top_kwh
    soft = battery.reserve_kwh - battery.kept_kwh
    if max(missing, soft) > 0:
        short = _short(lp, f"below_reserve_{t}", stored, battery.reserve_kwh, max(missing, soft))
        penalty.append((short, problem.reserve_per_kwh_hour * hours))
        if problem.start_kwh < battery.kept_kwh:
            outside = short
    if excess > 0:
        over = _over(lp, f"above_limit_{t}", stored, battery.top_kwh, excess)
        penalty.append((over, ABOVE_LIMIT_PER_KWH_HOUR * hours))
        outside = over
    if slot.least_kwh > 0:
        penalty.append((_short(lp, f"below_wish_{t}", stored, slot.least_kwh, slot.least_kwh), BESIDE_WISH_PER_KWH))
    if slot.most_kwh < battery.capacity_kwh:
        penalty.append((_over(lp, f"above_wish_{t}", stored, slot.most_kwh, battery.capacity_kwh), BESIDE_WISH_PER_KWH))
    full_kwh = battery.capacity_kwh - battery.full_kwh
    if battery.full_per_kwh_hour > 0 and full_kwh > 0:
        penalty.append((_over(lp, f"full_{t}", stored, battery.full_kwh, full_kwh), battery.full_per_kwh_hour * hours))
    return outside


def _short(lp: LpProblem, name: str, stored: LpVariable, least_kwh: float, most_short: float) -> LpVariable:
    short = lp.add_variable(name, 0, most_short)
    lp.addConstraint(total([(stored, 1.0), (short, 1.0)]) >= least_kwh, f"keeps_{name}")
    return short


def _over(lp: LpProblem, name: str, stored: LpVariable, most_kwh: float, most_over: float) -> LpVariable:
    over = lp.add_variable(name, 0, most_over)
    lp.addConstraint(total([(stored, 1.0), (over, -1.0)]) <= most_kwh, f"keeps_{name}")
    return over
