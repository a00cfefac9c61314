"""What a slot costs, as the recursions weigh it: the bill, the wear, and every wish and limit that gives way."""

import numpy as np

from app.domain.house import Power, grid_kw
from app.domain.site import Site
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.weights import (
    ABOVE_LIMIT_PER_KWH_HOUR,
    BESIDE_WISH_PER_KWH,
    LATE_PER_KWH_HOUR,
    OVER_LIMIT_PER_KWH,
)


def flow_cost(problem: Problem, slot: ProblemSlot, battery_kw: Power, *, solar_kw: Power, load_kw: Power) -> Power:
    """Return what a slot costs while the battery takes (positive) or gives its power, in kW.

    Import less export earnings, wear, and a penalty for what the connection may not carry.
    """
    site, hours = problem.site, slot.hours
    bought, sold, _ = grid_kw(site, battery_kw, solar_kw=solar_kw, load_kw=load_kw, most_sold_kw=problem.most_sold_kw(slot))
    wear = np.minimum(0.0, battery_kw) * (hours * site.battery.wear_per_kwh)
    bought_tie, sold_tie = ties(problem, slot)
    cost = bought * (hours * (slot.priced.import_per_kwh + bought_tie)) - sold * (hours * (slot.priced.export_per_kwh - sold_tie)) - wear
    if np.max(bought) > site.grid.import_limit_kw or np.max(sold) > site.grid.export_limit_kw:
        cost = cost + over_limit_kw(site, import_kw=bought, export_kw=sold) * (OVER_LIMIT_PER_KWH * hours)
    return cost


def over_limit_kw(site: Site, *, import_kw: Power, export_kw: Power) -> Power:
    """Return by how much flows are beyond what the connection may carry, in kW."""
    over: Power = np.maximum(0.0, import_kw - site.grid.import_limit_kw) + np.maximum(0.0, export_kw - site.grid.export_limit_kw)
    return over


def standing_cost(problem: Problem, slot: ProblemSlot, stored_kwh: Power) -> Power:
    """Return what it costs to end a slot with so much stored: missing reserve, wishes not met, standing full, and what breaks ties."""
    battery, hours = problem.site.battery, slot.hours
    cost: Power = 0.0 * stored_kwh
    short = problem.reserve_per_kwh_hour
    if short > 0 and np.min(stored_kwh) < battery.reserve_kwh:
        cost = cost + np.maximum(0.0, battery.reserve_kwh - stored_kwh) * (short * hours)
    if battery.full_per_kwh_hour > 0:
        cost = cost + np.maximum(0.0, stored_kwh - battery.full_kwh) * (battery.full_per_kwh_hour * hours)
    if np.max(stored_kwh) > battery.top_kwh:
        cost = cost + np.maximum(0.0, stored_kwh - battery.top_kwh) * (ABOVE_LIMIT_PER_KWH_HOUR * hours)
    if slot.least_kwh > 0:
        cost = cost + np.maximum(0.0, slot.least_kwh - stored_kwh) * BESIDE_WISH_PER_KWH
    if slot.most_kwh < battery.capacity_kwh:
        cost = cost + np.maximum(0.0, stored_kwh - slot.most_kwh) * BESIDE_WISH_PER_KWH
    return cost


def ties(problem: Problem, slot: ProblemSlot) -> tuple[float, float]:
    """Return what a kWh bought and a kWh sold in a slot count beside their prices: the more, the earlier it is.

    Where charging early is wished, buying counts the less, the earlier it is; sun is stored before it is sold all the same.
    """
    left_h = (problem.slots[-1].priced.slot.end - slot.priced.slot.end).total_seconds() / 3600
    late = LATE_PER_KWH_HOUR * left_h
    return (late if problem.site.charges_late else -late), late
