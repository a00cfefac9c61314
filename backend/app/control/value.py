"""What stored energy is worth: a backward recursion over states of charge that knows how modes behave and that days keep their kind.

Cost-to-go: table[energy level, path] = expected cost of everything after this slot, if the battery holds that energy and this slot ran
like that path. Lower is better; the worth of a stored kWh is how much one more of it lowers the cost.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.decision import Command
from app.domain.house import Power, battery_limits_kw, grid_kw, stored_after, wanted_kw
from app.domain.site import Mode, Site
from app.forecasting.scenarios import Paths
from app.optimizer.battery import BELOW_RESERVE_PER_KWH_HOUR
from app.optimizer.problem import Problem, ProblemSlot

type Array = NDArray[np.float64]

LEVELS = 46
"""Energy levels of the table, 0.2 kWh apart in a 10 kWh battery; twice as many change a year's saving by less than 0.1 %."""
AROUND_KWH = 0.5
LEAST_MOVED_KWH = 0.05
"""A slot that moves less says nothing about the worth of what it moved."""
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
    probability that fades with time, else it runs on any path by its weight.
    """
    site, levels = problem.site, _levels(problem)
    table = np.repeat(-problem.end_value_per_kwh * levels[:, None], len(paths.weight), axis=1)
    wanted = _wanted(site, paths)
    for t in range(len(problem.slots) - 1, 0, -1):
        slot = problem.slots[t]
        stage = _Stage(site=site, slot=slot, wanted_kw=wanted[t], levels=levels, solar_kw=paths.solar_kw[:, t], load_kw=paths.load_kw[:, t])
        costs = stage.costs(table)
        mean = costs @ paths.weight
        stays = 0.5 ** (slot.hours / STICKY_HALF_LIFE_H)
        table = (stays * costs + (1 - stays) * mean[..., None]).min(axis=0)
    return CostToGo(levels_kwh=levels, table=table)


def slot_cost(site: Site, slot: ProblemSlot, battery_kw: Power, *, solar_kw: Power, load_kw: Power) -> Power:
    """Return what a slot costs while the battery takes (positive) or gives its power: import less export earnings, and wear."""
    bought, sold, _ = grid_kw(site, battery_kw, solar_kw=solar_kw, load_kw=load_kw)
    wear = np.minimum(0.0, battery_kw) * (slot.hours * site.battery.wear_per_kwh)
    return bought * (slot.hours * slot.priced.import_per_kwh) - sold * (slot.hours * slot.priced.export_per_kwh) - wear


def shortfall_cost(site: Site, stored_kwh: Power, hours: float) -> Power:
    """Return the penalty of ending a slot below the reserve."""
    return np.maximum(0.0, site.battery.reserve_kwh - stored_kwh) * BELOW_RESERVE_PER_KWH_HOUR * hours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One slot of the recursion: what may be told, from which energies, on which paths."""

    site: Site
    slot: ProblemSlot
    wanted_kw: Array
    """Battery power each command's control loop asks for, by command and path."""
    levels: Array
    solar_kw: Array
    load_kw: Array

    def costs(self, ahead: Array) -> Array:
        """Return the cost of the slot and of what follows, by command, energy level and path."""
        site, hours = self.site, self.slot.hours
        low, high = battery_limits_kw(site, Command(mode=Mode.SELF_USE), stored_kwh=self.levels, hours=hours)
        battery = np.clip(self.wanted_kw[:, None, :], np.asarray(low)[:, None], np.asarray(high)[:, None])
        charge = np.maximum(0.0, battery)
        stored = stored_after(site.battery, self.levels[:, None], charge, charge - battery, hours)
        cost = slot_cost(site, self.slot, battery, solar_kw=self.solar_kw, load_kw=self.load_kw)
        if self.levels[0] < site.battery.reserve_kwh:
            cost = cost + shortfall_cost(site, stored, hours)
        return np.asarray(cost + _read(ahead, self.levels, np.asarray(stored)))


def _wanted(site: Site, paths: Paths) -> Array:
    """Return the battery power in kW that each later command asks for, by slot, command and path."""
    wanted = [wanted_kw(site, each, solar_kw=paths.solar_kw, load_kw=paths.load_kw) for each in _commands(site)]
    found: Array = np.stack(np.broadcast_arrays(*wanted, paths.load_kw)[:-1]).transpose(2, 0, 1).copy()
    return found


def _commands(site: Site) -> tuple[Command, ...]:
    """Return what a later slot may be told: every mode the inverter offers, the forced ones at full and at half power."""
    powers = {Mode.FORCE_CHARGE: site.max_charge_kw, Mode.FORCE_DISCHARGE: site.max_discharge_kw}
    commands = [Command(mode=mode) for mode in site.inverter.modes if mode not in powers]
    for mode, power in powers.items():
        if mode in site.inverter.modes:
            shares = (1.0,) if mode in site.inverter.own_power else (1.0, 0.5)
            commands += [Command(mode=mode, power_kw=power * share) for share in shares]
    return tuple(commands)


def _levels(problem: Problem) -> Array:
    """Return evenly spaced energies that cover the wished range, and the start where it lies outside."""
    battery = problem.site.battery
    low, high = min(battery.reserve_kwh, problem.start_kwh), max(battery.top_kwh, problem.start_kwh)
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
