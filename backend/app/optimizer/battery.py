"""The battery: stores with losses and wear, never charges and discharges at once."""

from dataclasses import dataclass

from pulp import LpConstraint, LpProblem, LpVariable

from app.domain.site import Mode
from app.optimizer.grid import GridPart
from app.optimizer.part import TIE_PER_KWH, Part, Terms, total
from app.optimizer.problem import Problem, ProblemSlot

BELOW_RESERVE_PER_KWH_HOUR = 1.0
"""Penalty for each kWh missing below the reserve, per hour: dearer than any price, so a reserve is restored at once."""
ABOVE_LIMIT_PER_KWH_HOUR = 0.001
"""Penalty above the wished limit: resting too full wears a little; it is no reason to sell at a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryPart(Part):
    """The battery's variables per slot: powers in kW on the AC side, stored energy at the slot's end in kWh."""

    charge_kw: list[LpVariable]
    discharge_kw: list[LpVariable]
    stored_kwh: list[LpVariable]
    stores: list[LpConstraint]
    """The balances whose duals are the value of one more stored kWh at the end of the slot."""


def could_cheat(problem: Problem, slot: ProblemSlot) -> bool:
    """Tell whether charging and discharging at once, to burn energy one is paid to take, would pay in this slot."""
    battery, price = problem.site.battery, slot.priced
    least = price.import_per_kwh if problem.site.solar.curtailable else min(price.import_per_kwh, price.export_per_kwh)
    burnt = 1 - battery.round_trip
    return -least * burnt > battery.wear_per_kwh * battery.round_trip


def add_battery(model: LpProblem, problem: Problem, grid: GridPart) -> BatteryPart:
    """Add charge, discharge and stored energy per slot, with wear, losses, limits and the value of what is left at the end."""
    battery, slots = problem.site.battery, range(len(problem.slots))
    low_kwh, high_kwh = min(battery.reserve_kwh, problem.start_kwh), max(battery.top_kwh, problem.start_kwh)
    part = BatteryPart(
        charge_kw=model.add_variable_matrix("charge", slots, 0, problem.site.max_charge_kw),
        discharge_kw=model.add_variable_matrix("discharge", slots, 0, problem.site.max_discharge_kw),
        stored_kwh=model.add_variable_matrix("stored", slots, low_kwh, high_kwh),
        stores=[],
    )
    for t, slot in enumerate(problem.slots):
        charge, discharge, hours = part.charge_kw[t], part.discharge_kw[t], slot.hours
        if Mode.FORCE_CHARGE not in problem.site.inverter.modes:
            charge.upBound = _most(slot.solar_kw - slot.load_kw, problem.site.max_charge_kw)  # no other mode charges from the grid
        late = TIE_PER_KWH * (t + 1) / len(slots) * hours
        part.load_kw.append([(charge, 1.0), (discharge, -1.0)])
        part.cost.extend([(charge, late), (discharge, battery.wear_per_kwh * hours + late)])
        part.stores.append(_store(model, problem, t, part))
        _keep_direction(model, problem, t, part, grid.importing[t])
        _keep_limits(model, problem, t, part)
    part.cost.append((part.stored_kwh[-1], -problem.end_value_per_kwh))
    return part


def carry_out(part: BatteryPart, battery_kw: float) -> None:
    """Fix the first slot at a power in kW, charging positive, that is decided already."""
    for variable, kw in ((part.charge_kw[0], battery_kw), (part.discharge_kw[0], -battery_kw)):
        variable.lowBound = variable.upBound = max(0.0, kw)


def _store(model: LpProblem, problem: Problem, t: int, part: BatteryPart) -> LpConstraint:
    battery, hours = problem.site.battery, problem.slots[t].hours
    terms: Terms = [
        (part.stored_kwh[t], 1.0),
        (part.charge_kw[t], -hours * battery.charge_efficiency),
        (part.discharge_kw[t], hours / battery.discharge_efficiency),
    ]
    if t:
        terms.append((part.stored_kwh[t - 1], -1.0))
    return model.addConstraint(total(terms) == (0.0 if t else problem.start_kwh), f"stores_{t}")


def _keep_direction(model: LpProblem, problem: Problem, t: int, part: BatteryPart, importing: LpVariable | None) -> None:
    """Charge or discharge where both would pay; and where the house either buys or sells, tie the battery to that choice.

    The tie is implied for whole choices, but makes the relaxation nearly exact: a battery that feeds an importing house
    is limited by its load, one that charges in an exporting house by its surplus.
    """
    slot, site = problem.slots[t], problem.site
    charge, discharge = part.charge_kw[t], part.discharge_kw[t]
    if importing is not None:
        deficit, drain = (_most(kw, site.max_discharge_kw) for kw in (slot.load_kw - slot.solar_kw, _drain_kw(problem, t)))
        surplus = _most(slot.solar_kw - slot.load_kw, site.max_charge_kw)
        feeds = total([(discharge, 1.0), (importing, site.max_discharge_kw - drain)])
        stores = total([(charge, 1.0), (importing, surplus - site.max_charge_kw)])
        model.addConstraint(total([(discharge, 1.0), (importing, deficit)]) >= deficit, f"feeds_the_load_before_exporting_{t}")
        model.addConstraint(feeds <= site.max_discharge_kw, f"feeds_the_load_when_importing_{t}")
        model.addConstraint(stores <= surplus, f"stores_the_surplus_when_exporting_{t}")
    if could_cheat(problem, slot):
        forbid_both(model, problem, t, part)


def forbid_both(model: LpProblem, problem: Problem, t: int, part: BatteryPart) -> None:
    """Add the choice between charging and discharging in slot t."""
    most_in, most_out = problem.site.max_charge_kw, problem.site.max_discharge_kw
    charging = model.add_variable(f"charging_{t}", cat="Binary")
    model.addConstraint(total([(part.charge_kw[t], 1.0), (charging, -most_in)]) <= 0, f"charges_or_not_{t}")
    model.addConstraint(total([(part.discharge_kw[t], 1.0), (charging, most_out)]) <= most_out, f"discharges_or_not_{t}")


def _drain_kw(problem: Problem, t: int) -> float:
    """Return what an importing house could take from its battery; where imports will be paid for, it may throw sun away to make room."""
    slot = problem.slots[t]
    room_pays = any(later.priced.import_per_kwh < 0 for later in problem.slots[t:])
    return slot.load_kw if room_pays else slot.load_kw - slot.solar_kw


def _most(wanted_kw: float, limit_kw: float) -> float:
    return min(limit_kw, max(0.0, wanted_kw))


def _keep_limits(model: LpProblem, problem: Problem, t: int, part: BatteryPart) -> None:
    """From outside reserve and limit, let them give way with a penalty until they are reached, never further."""
    battery, hours, stored = problem.site.battery, problem.slots[t].hours, part.stored_kwh[t]
    missing, excess = battery.reserve_kwh - problem.start_kwh, problem.start_kwh - battery.top_kwh
    if missing > 0:
        short = model.add_variable(f"below_reserve_{t}", 0, missing)
        model.addConstraint(total([(stored, 1.0), (short, 1.0)]) >= battery.reserve_kwh, f"keeps_reserve_{t}")
        part.penalty.append((short, BELOW_RESERVE_PER_KWH_HOUR * hours))
    if excess > 0:
        over = model.add_variable(f"above_limit_{t}", 0, excess)
        model.addConstraint(total([(stored, 1.0), (over, -1.0)]) <= battery.top_kwh, f"keeps_limit_{t}")
        part.penalty.append((over, ABOVE_LIMIT_PER_KWH_HOUR * hours))
