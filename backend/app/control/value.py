"""What stored energy is worth: a backward recursion over states of charge that knows how modes behave and that days keep their kind.

Cost-to-go: table[energy level, path] = expected cost of everything after this slot, if the battery holds that energy and this slot ran
like that path. Lower is better; the worth of a stored kWh is how much one more of it lowers the cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.decision import Command
from app.domain.house import battery_limits_kw, stored_after, wanted_kw
from app.domain.site import Battery, Mode, Site
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.slot_cost import flow_cost, standing_cost

type Array = NDArray[np.float64]

LEVELS = 46
"""Energy levels of the table, 0.2 kWh apart in a 10 kWh battery; twice as many change a year's saving by less than 0.1 %."""
AROUND_KWH = 0.5
LEAST_MOVED_KWH = 0.05
"""A slot that moves less says nothing about the worth of what it moved."""
FORCED = (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE)
STICKY_HALF_LIFE_H = 2.5
"""Weather and occupancy keep their kind for some hours: after this long, half of what a slot's path said is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostToGo:
    """The expected cost after the first slot, by energy level (rows) and by the path the first slot ran on (columns)."""

    levels_kwh: Array
    table: Array

    def at(self, stored_kwh: Array) -> Array:
        """Return the cost to go for energies whose last axis is the path."""
        return _read(self.table, self.levels_kwh, stored_kwh)

    def worth_per_kwh(self, start_kwh: float, stored_kwh: float, weight: Array) -> float:
        """Return what the last kWh that a slot adds or takes is worth; of a slot that moves nothing, half a kWh to each side.

        The mode rests on it. Where the curve bends, one kWh more would be worth less, and one kWh less given up would have been worth more.
        """
        low, high = stored_kwh - AROUND_KWH, stored_kwh + AROUND_KWH
        if stored_kwh > start_kwh + LEAST_MOVED_KWH:
            low, high = max(start_kwh, stored_kwh - 2 * AROUND_KWH), stored_kwh
        elif stored_kwh < start_kwh - LEAST_MOVED_KWH:
            low, high = stored_kwh, min(start_kwh, stored_kwh + 2 * AROUND_KWH)
        low, high = (float(np.clip(end, self.levels_kwh[0], self.levels_kwh[-1])) for end in (low, high))
        cost = self.table @ weight
        saved = np.interp(low, self.levels_kwh, cost) - np.interp(high, self.levels_kwh, cost)
        return float(saved) / max(high - low, 1e-9)


def cost_to_go(problem: Problem, paths: Paths) -> CostToGo:
    """Return the table after the first slot.

    In each slot the mode is chosen knowing the path of the slot before, before the slot itself is seen. A slot stays on that path with a
    probability that fades with time, else it runs on any path by its weight. What a person asked for is done whatever it costs.
    """
    levels = _levels(problem)
    table = np.repeat(-problem.end_value_per_kwh * levels[:, None], len(paths.weight), axis=1)
    wanted = _wanted(problem, paths)
    for t in range(len(problem.slots) - 1, 0, -1):
        slot = problem.slots[t]
        solar, load = paths.solar_kw[:, t], paths.load_kw[:, t]
        stage = _Stage(problem=problem, slot=slot, levels=levels, solar_kw=solar, load_kw=load)
        costs = stage.costs(wanted[t], table, paths.weight) if slot.forced is None else stage.forced(slot.forced, table)
        mean = costs @ paths.weight
        stays = 0.5 ** (slot.hours / STICKY_HALF_LIFE_H)
        table = (stays * costs + (1 - stays) * mean[..., None]).min(axis=0)
    return CostToGo(levels_kwh=levels, table=table)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One slot of the recursion: what may be told, from which energies, on which paths."""

    problem: Problem
    slot: ProblemSlot
    levels: Array
    solar_kw: Array
    load_kw: Array

    def costs(self, wanted_kw: Array, ahead: Array, weight: Array) -> Array:
        """Return the cost of the slot and of what follows, by command, energy level and path.

        `wanted_kw` is the battery power that each command's control loop asks for, by command and path. Forced modes may stop at the level
        that is the cheapest to stop at, too.
        """
        low, high = battery_limits_kw(self.problem.site, Command(mode=Mode.SELF_USE), stored_kwh=self.levels, hours=self.slot.hours)
        asked = [np.broadcast_to(wanted_kw[:, None, :], (len(wanted_kw), len(self.levels), len(weight)))]
        asked += [each[None] for each in self._to_targets(ahead @ weight)]
        return self._cost(np.clip(np.concatenate(asked), np.asarray(low)[:, None], np.asarray(high)[:, None]), ahead)

    def forced(self, command: Command, ahead: Array) -> Array:
        """Return the same where there is but one command."""
        site, most_sold = self.problem.site, self.problem.most_sold_kw(self.slot)
        low, high = battery_limits_kw(site, command, stored_kwh=self.levels, hours=self.slot.hours)
        wanted = wanted_kw(site, command, solar_kw=self.solar_kw, load_kw=self.load_kw, most_sold_kw=most_sold)
        asked = np.broadcast_to(wanted, (1, len(self.levels), len(self.load_kw)))
        return self._cost(np.clip(asked, np.asarray(low)[:, None], np.asarray(high)[:, None]), ahead)

    def _to_targets(self, ahead: Array) -> Sequence[Array]:
        """Return the powers of forced modes that stop at the cheapest level, by level and path; `ahead` is the mean cost to go."""
        site, most_sold = self.problem.site, self.problem.most_sold_kw(self.slot)
        found = []
        for mode in FORCED:
            if mode in site.inverter.modes and mode not in site.inverter.own_power:
                full = wanted_kw(site, Command(mode=mode), solar_kw=self.solar_kw, load_kw=self.load_kw, most_sold_kw=most_sold)
                stop = power_to_kw(
                    site.battery, target_kwh(self.problem, self.slot, mode, self.levels, ahead), self.levels, self.slot.hours
                )
                found.append(np.clip(stop[:, None], np.minimum(0.0, full), np.maximum(0.0, full)))
        return found

    def _cost(self, battery_kw: Array, ahead: Array) -> Array:
        site, hours = self.problem.site, self.slot.hours
        charge = np.maximum(0.0, battery_kw)
        stored = stored_after(site.battery, self.levels[:, None], charge, charge - battery_kw, hours)
        cost = flow_cost(self.problem, self.slot, battery_kw, solar_kw=self.solar_kw, load_kw=self.load_kw)
        return np.asarray(cost + standing_cost(self.problem, self.slot, stored) + _read(ahead, self.levels, np.asarray(stored)))


def target_kwh(problem: Problem, slot: ProblemSlot, mode: Mode, levels: Array, ahead: Array) -> float:
    """Return the level at which it is cheapest to stop buying or selling in a slot, by the mean cost to go from each level."""
    battery, price = problem.site.battery, slot.priced
    if mode is Mode.FORCE_CHARGE:
        paid = price.import_per_kwh / battery.charge_efficiency
    else:
        paid = (price.export_per_kwh - battery.wear_per_kwh) * battery.discharge_efficiency
    return float(levels[np.argmin(ahead + paid * levels)])


def power_to_kw(battery: Battery, target_kwh: float, stored_kwh: Array, hours: float) -> Array:
    """Return the battery power in kW, charging positive, that ends a slot at a level."""
    moved = target_kwh - stored_kwh
    return np.where(moved > 0, moved / (battery.charge_efficiency * hours), moved * (battery.discharge_efficiency / hours))


def _wanted(problem: Problem, paths: Paths) -> Array:
    """Return the battery power in kW that each later command asks for, by slot, command and path."""
    site = problem.site
    most_sold = np.array([problem.most_sold_kw(slot) for slot in problem.slots])
    wanted = [wanted_kw(site, each, solar_kw=paths.solar_kw, load_kw=paths.load_kw, most_sold_kw=most_sold) for each in _commands(site)]
    wanted += [np.broadcast_to(each, paths.load_kw.shape) for each in _within_limits(site, paths)]
    found: Array = np.stack(np.broadcast_arrays(*wanted, paths.load_kw)[:-1]).transpose(2, 0, 1).copy()
    return found


def _within_limits(site: Site, paths: Paths) -> list[Array]:
    """Return per slot the power of a forced mode that just keeps the connection's limits on every path, where some path would break one."""
    found: list[Array] = []
    for mode in FORCED:
        if mode in site.inverter.modes and mode not in site.inverter.own_power:
            needed = limit_kw(site, mode, solar_kw=paths.solar_kw, load_kw=paths.load_kw).max(axis=0)
            if needed.max() > 0:
                found.append(np.where(mode is Mode.FORCE_CHARGE, needed, -needed))
    return found


def limit_kw(site: Site, mode: Mode, *, solar_kw: Array, load_kw: Array) -> Array:
    """Return the power in kW a forced mode must have at least so that the connection keeps its limit: 0 where it keeps it by itself."""
    if mode is Mode.FORCE_DISCHARGE:
        return np.clip(load_kw - solar_kw - site.grid.import_limit_kw, 0.0, site.max_discharge_kw)
    if site.solar.curtailable:
        return np.zeros_like(load_kw)
    return np.clip(solar_kw - load_kw - site.grid.export_limit_kw, 0.0, site.max_charge_kw)


def _commands(site: Site) -> tuple[Command, ...]:
    """Return what a later slot may be told: every mode the inverter offers, the forced ones at full power."""
    return tuple(Command(mode=mode) for mode in site.inverter.modes)


def _levels(problem: Problem) -> Array:
    """Return evenly spaced energies that cover the wished range, and the start where it lies outside."""
    battery = problem.site.battery
    low, high = min(battery.kept_kwh, problem.start_kwh), max(battery.top_kwh, problem.start_kwh)
    return np.linspace(low, max(high, low + 1e-6), LEVELS)


def _read(table: Array, levels: Array, stored_kwh: Array) -> Array:
    """Return the table between its levels; the last axis of the energies is the path."""
    points, width = table.shape
    place = (stored_kwh - levels[0]) * ((points - 1) / (levels[-1] - levels[0]))
    row = np.minimum(place.astype(np.intp), points - 2)  # of a place a hair below 0, the whole part is 0
    cell = row * width + np.arange(width)
    flat = table.ravel()
    below = flat.take(cell)
    read: Array = below + (place - row) * (flat.take(cell + width) - below)
    return read
