"""Which way the house goes in each slot: a recursion over the energy stored, on the one expected path.

A program would have to search for it wherever buying and selling, or throwing sun away, could pay at once. Here every step from one level
of stored energy to another is weighed as an inverter does it, so the course found is one that can be had. It is rough by the width of a
level; what it chose is kept, and a program without choices finds the powers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.domain.decision import Command
from app.domain.house import battery_limits_kw, grid_kw, stored_after, wanted_kw
from app.domain.site import Battery, Coupling, Mode
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.slot_cost import flow_cost, standing_cost

type Array = NDArray[np.float64]

LEVELS = 241
"""Energies that are told apart, 0.04 kWh in a 10 kWh battery."""
NEVER = 1e9
"""What cannot be, in yardsticks."""
EVEN_KWH, EVEN_KW = 1e-6, 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the house does, slot by slot: mean powers in kW, the battery's positive when it charges; energy at the slots' ends in kWh."""

    battery_kw: Array
    import_kw: Array
    export_kw: Array
    curtailed_kw: Array
    stored_kwh: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One slot: what each step between two levels costs, and which levels may be reached going down and going up."""

    problem: Problem
    slot: ProblemSlot
    levels: Array

    def powers_kw(self, moved_kwh: Array) -> Array:
        """Return the battery's power for energies put into it (positive) or taken out."""
        battery, hours = self.problem.site.battery, self.slot.hours
        return np.where(moved_kwh > 0, moved_kwh / (battery.charge_efficiency * hours), moved_kwh * (battery.discharge_efficiency / hours))

    def cost(self, battery_kw: Array) -> Array:
        """Return what the slot costs at each power; `NEVER` where no mode does that."""
        low, high = limits_kw(self.problem, self.slot)
        cost = flow_cost(self.problem, self.slot, battery_kw, solar_kw=self.slot.solar_kw, load_kw=self.slot.load_kw)
        return np.where((battery_kw >= low - EVEN_KWH) & (battery_kw <= high + EVEN_KWH), cost, NEVER)

    def reached(self, ahead: Array) -> tuple[Array, Array, Array]:
        """Return the cost of ending at each level: come down to it, staying there, come up to it."""
        battery = self.problem.site.battery
        there = ahead + standing_cost(self.problem, self.slot, self.levels)
        down = np.where(self.levels < battery.kept_kwh - EVEN_KWH, NEVER, there)
        up = np.where(self.levels > min(battery.top_kwh, self.slot.most_kwh) + EVEN_KWH, NEVER, there)
        return down, there, up

    def forced_kw(self, command: Command, stored_kwh: Array) -> Array:
        """Return the battery's power under an order, from each energy."""
        site, slot = self.problem.site, self.slot
        low, high = battery_limits_kw(site, command, stored_kwh=stored_kwh, hours=slot.hours)
        wanted = wanted_kw(site, command, solar_kw=slot.solar_kw, load_kw=slot.load_kw, most_sold_kw=self.problem.most_sold_kw(slot))
        return np.asarray(np.clip(wanted, low, high))

    def after_kwh(self, stored_kwh: Array, battery_kw: Array) -> Array:
        """Return the energy at the slot's end."""
        charge = np.maximum(0.0, battery_kw)
        return np.asarray(stored_after(self.problem.site.battery, stored_kwh, charge, charge - battery_kw, self.slot.hours))


def limits_kw(problem: Problem, slot: ProblemSlot, *, least_beside_kw: float = 0.0, most_beside_kw: float = 0.0) -> tuple[float, float]:
    """Return the least (giving, so not above 0) and the most battery power in kW that some mode of this inverter asks for in a slot.

    What other devices draw beside the load lies between two powers.
    """
    site, modes = problem.site, problem.site.inverter.modes
    over, short = slot.solar_kw - slot.load_kw - least_beside_kw, slot.load_kw + most_beside_kw - slot.solar_kw
    surplus, deficit = max(0.0, over), max(0.0, short)
    spare = max(surplus, site.grid.for_charging_kw + over)
    high = min(site.max_charge_kw, spare if Mode.FORCE_CHARGE in modes else surplus)
    sold = max(0.0, problem.most_sold_kw(slot) + short)
    low = -min(site.max_discharge_kw, max(sold, deficit) if Mode.FORCE_DISCHARGE in modes else deficit)
    if site.inverter.coupling is Coupling.DC:
        limit = site.inverter.ac_limit_kw
        low, high = max(low, -max(0.0, limit - slot.solar_kw)), min(high, slot.solar_kw + limit)
    return low, high


def course(problem: Problem, *, decided_kw: float | None = None) -> Course:
    """Return the cheapest course; `decided_kw` is the battery's power in the first slot where that is decided already."""
    levels = _levels(problem.site.battery, problem.start_kwh)
    stages = [_Stage(problem=problem, slot=slot, levels=levels) for slot in problem.slots]
    tables, steps = _backward(stages, levels, -problem.end_value_per_kwh * levels)
    powers, stored, row = [], problem.start_kwh, None
    for t, stage in enumerate(stages):
        forced = stage.slot.forced
        if t == 0 and decided_kw is not None:
            kw, row = decided_kw, None
        elif forced is not None:
            kw, row = float(stage.forced_kw(forced, np.array([stored]))[0]), None
        elif row is None:
            kw, row = _from_between(stage, stored, tables[t + 1])
        else:
            moved = steps[t][row]
            kw, row = float(stage.powers_kw(np.array([moved * (levels[1] - levels[0])]))[0]), row + int(moved)
        powers.append(kw)
        stored = float(stage.after_kwh(np.array([stored]), np.array([kw]))[0]) if row is None else float(levels[row])
    return _flows(problem, np.where(np.abs(powers) < EVEN_KW, 0.0, powers))


def _levels(battery: Battery, start_kwh: float) -> Array:
    low, high = min(battery.kept_kwh, start_kwh), max(battery.top_kwh, start_kwh)
    return np.linspace(low, max(high, low + EVEN_KWH), LEVELS)


def _backward(stages: list[_Stage], levels: Array, ahead: Array) -> tuple[list[Array], list[Array]]:
    """Return per slot the cost to go from each level (one more at the end), and by how many levels the cheapest step moves."""
    tables, steps = [ahead], []
    width = levels[1] - levels[0]
    for stage in reversed(stages):
        if stage.slot.forced is not None:
            powers = stage.forced_kw(stage.slot.forced, levels)
            after = stage.after_kwh(levels, powers)
            flows = flow_cost(stage.problem, stage.slot, powers, solar_kw=stage.slot.solar_kw, load_kw=stage.slot.load_kw)
            costs = flows + standing_cost(stage.problem, stage.slot, after) + np.interp(after, levels, tables[-1])
            tables.append(np.asarray(costs))
            steps.append(np.zeros(len(levels), dtype=int))
            continue
        low, high = limits_kw(stage.problem, stage.slot)
        battery, hours = stage.problem.site.battery, stage.slot.hours
        most_down = min(len(levels) - 1, int(-low * hours / battery.discharge_efficiency / width + EVEN_KWH))
        most_up = min(len(levels) - 1, int(high * hours * battery.charge_efficiency / width + EVEN_KWH))
        moved = np.arange(-most_down, most_up + 1)
        down, there, up = stage.reached(tables[-1])
        padded = np.full(most_down + len(levels) + most_up, NEVER)
        padded[most_down : most_down + len(levels)] = down
        falls = sliding_window_view(padded, len(moved))
        ends = falls.copy()
        padded[most_down : most_down + len(levels)] = up
        ends[:, most_down + 1 :] = falls[:, most_down + 1 :]
        ends[:, most_down] = there
        ends += stage.cost(stage.powers_kw(moved * width))
        best = ends.argmin(axis=1)
        tables.append(ends[np.arange(len(levels)), best])
        steps.append(moved[best])
    return tables[::-1], steps[::-1]


def _from_between(stage: _Stage, stored_kwh: float, ahead: Array) -> tuple[float, int | None]:
    """Return the cheapest step from an energy between two levels: the battery's power, and the row of the level it ends at.

    None where it stays between the two: from outside the limits there may be no way back yet.
    """
    moved = stage.levels - stored_kwh
    powers = stage.powers_kw(moved)
    down, there, up = stage.reached(ahead)
    ends = np.where(moved < -EVEN_KWH, down, np.where(moved > EVEN_KWH, up, there)) + stage.cost(powers)
    row = int(ends.argmin())
    stays = float(np.interp(stored_kwh, stage.levels, there) + stage.cost(np.zeros(1))[0])
    return (0.0, None) if stays < ends[row] else (float(powers[row]), row)


def _flows(problem: Problem, battery_kw: Array) -> Course:
    """Return what follows from the battery's powers."""
    slots = problem.slots
    solar, load = np.array([slot.solar_kw for slot in slots]), np.array([slot.load_kw for slot in slots])
    most_sold = np.array([problem.most_sold_kw(slot) for slot in slots])
    bought, sold, curtailed = grid_kw(problem.site, battery_kw, solar_kw=solar, load_kw=load, most_sold_kw=most_sold)
    battery, hours = problem.site.battery, np.array([slot.hours for slot in slots])
    charge = np.maximum(0.0, battery_kw)
    moved = stored_after(battery, 0.0, charge, charge - battery_kw, 1.0) * hours
    return Course(
        battery_kw=battery_kw,
        import_kw=np.asarray(bought),
        export_kw=np.asarray(sold),
        curtailed_kw=np.asarray(curtailed),
        stored_kwh=problem.start_kwh + np.cumsum(moved),
    )
