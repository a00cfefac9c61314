"""Which mode this slot: the cheapest expected cost of the slot and of what comes after, over all paths of load and sun."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.control.value import CostToGo, cost_to_go, shortfall_cost, slot_cost
from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.money import YARDSTICK, Currency
from app.domain.site import Mode, Site
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Problem
from app.optimizer.yardstick import in_yardsticks

TIE = 1e-6
"""Yardsticks; below it the earlier candidate wins, so equal inputs give equal modes."""
POWER_SHARES = (1.0, 0.75, 0.5, 0.25)
"""Forced modes are tried at quarters of full power; eighths save less than a thousandth more."""
ROUND_H = 5 / 60
"""A decision is asked for again after this long."""
DRAINING = (Mode.SELF_USE, Mode.FEED_IN_FIRST)
"""Modes that feed the house until the inverter itself stops, whatever reserve people wish for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A command with its expected cost up to the horizon, and what the house is expected to do in the slot."""

    command: Command
    cost: float
    charge_kw: float
    discharge_kw: float
    import_kw: float
    export_kw: float
    curtailed_kw: float
    stored_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The cheapest candidate, every candidate, and what one stored kWh is worth after the slot."""

    best: Candidate
    candidates: tuple[Candidate, ...]
    stored_kwh_value: float
    keeps_reserve: bool = False
    """Whether it is to hold because feeding the house would drain the wished reserve."""

    def told_in(self, money: Currency) -> "Choice":
        """Return a choice made in yardsticks with its costs and worth as money."""
        best, *candidates = (replace(each, cost=money.of(each.cost)) for each in (self.best, *self.candidates))
        return replace(self, best=best, candidates=tuple(candidates), stored_kwh_value=money.of(self.stored_kwh_value))


def choose(problem: Problem, paths: Paths, *, running: Command | None = None, switching_cost: float = 0.0) -> Choice:
    """Return this slot's command, chosen before its load and sun are seen; leaving the running mode costs `switching_cost`."""
    money = problem.site.money
    choice = _choose(in_yardsticks(problem), paths, running=running, switching_cost=switching_cost / money.scale)
    return choice if money.scale == YARDSTICK.scale else choice.told_in(money)


def _choose(problem: Problem, paths: Paths, *, running: Command | None, switching_cost: float) -> Choice:
    """Return the command of a problem in yardsticks."""
    ahead = cost_to_go(problem, paths)
    found = tuple(_weighed(problem, paths, ahead, command) for command in commands(problem.site))
    ranked = [each.cost + (switching_cost if running is not None and each.command.mode is not running.mode else 0.0) for each in found]
    best = found[next(n for n, cost in enumerate(ranked) if cost <= min(ranked) + TIE)]
    hold = next((each for each in found if each.command.mode is Mode.HOLD), None)
    keeps_reserve = hold is not None and best.command.mode in (*DRAINING, Mode.HOLD) and _drains_reserve(problem, paths)
    best = hold if hold is not None and keeps_reserve else best
    worth = ahead.worth_per_kwh(problem.start_kwh, best.stored_kwh, paths.weight)
    return Choice(best=best, candidates=found, stored_kwh_value=worth, keeps_reserve=keeps_reserve)


def _drains_reserve(problem: Problem, paths: Paths) -> bool:
    """Tell whether feeding the house until the next round may drain a reserve at which the inverter does not stop by itself.

    Slots are weighed as if it did, for here it is told to hold in time.
    """
    battery = problem.site.battery
    deficit_kw = float(np.max(paths.load_kw[:, 0] - paths.solar_kw[:, 0]))
    above_kwh = problem.start_kwh - battery.reserve_kwh
    return battery.bottom_kwh < battery.reserve_kwh and deficit_kw > 0 and above_kwh <= deficit_kw * ROUND_H / battery.discharge_efficiency


def commands(site: Site) -> Sequence[Command]:
    """Return what this slot may be told, self-use first: ties go to it."""
    powers = {Mode.FORCE_CHARGE: site.max_charge_kw, Mode.FORCE_DISCHARGE: site.max_discharge_kw}
    offered = [mode for mode in Mode if mode in site.inverter.modes]
    passive = [Command(mode=mode) for mode in offered if mode not in powers]
    forced = [(mode, share) for mode in offered if powers.get(mode, 0) > 0 for share in _shares(site, mode)]
    return (*passive, *(Command(mode=mode, power_kw=round(powers[mode] * share, 3)) for mode, share in forced))


def _shares(site: Site, mode: Mode) -> Sequence[float]:
    """Return the parts of full power a forced mode can be told; one without a set-point runs at its own."""
    return POWER_SHARES[:1] if mode in site.inverter.own_power else POWER_SHARES


def _weighed(problem: Problem, paths: Paths, ahead: CostToGo, command: Command) -> Candidate:
    """Return a command with the expected cost of the slot as the inverter really behaves, and of what follows."""
    site, slot = problem.site, problem.slots[0]
    solar, load = paths.solar_kw[:, 0], paths.load_kw[:, 0]
    flows = run_slot(site, command, stored_kwh=problem.start_kwh, solar_kw=solar, load_kw=load, hours=slot.hours)
    charge, discharge, stored = (np.broadcast_to(each, load.shape) for each in (flows.charge_kw, flows.discharge_kw, flows.stored_kwh))
    cost = slot_cost(site, slot, charge - discharge, solar_kw=solar, load_kw=load)
    cost = cost + shortfall_cost(site, stored, slot.hours) + ahead.at(stored)

    def mean(series: object) -> float:
        return float(np.broadcast_to(np.asarray(series, dtype=np.float64), load.shape) @ paths.weight)

    return Candidate(
        command=command,
        cost=mean(cost),
        charge_kw=mean(charge),
        discharge_kw=mean(discharge),
        import_kw=mean(flows.import_kw),
        export_kw=mean(flows.export_kw),
        curtailed_kw=mean(flows.curtailed_kw),
        stored_kwh=mean(stored),
    )
