"""Which mode this slot: the cheapest expected cost of the slot and of what comes after, over all paths of load and sun."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from app.control.value import FORCED, CostToGo, cost_to_go, limit_kw, power_to_kw, target_kwh
from app.domain.decision import Command
from app.domain.house import run_slot
from app.domain.money import YARDSTICK, Currency
from app.domain.site import Mode, Site
from app.forecasting.scenarios import Paths
from app.optimizer.problem import Problem
from app.optimizer.slot_cost import flow_cost, over_limit_kw, standing_cost
from app.optimizer.weights import OVER_LIMIT_PER_KWH
from app.optimizer.yardstick import in_yardsticks

TIE = 5e-5
"""Yardsticks, a two-hundredth of a penny: below it the earlier candidate wins, so equal inputs give equal modes."""
POWER_SHARES = (1.0, 0.75, 0.5, 0.25)
"""Forced modes are tried at quarters of full power; eighths save less than a thousandth more."""
LEAST_SHARE = 0.1
"""Less than this part of full power is not worth an order."""
ROUND_H = 5 / 60
"""A decision is asked for again after this long."""
DRAINING = (Mode.SELF_USE, Mode.FEED_IN_FIRST)
"""Modes that feed the house until the inverter itself stops, whatever reserve people wish for."""
NOTICEABLE_KW = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A command with its expected cost up to the horizon, and what the house is expected to do in the slot."""

    command: Command
    cost: float
    over_kw: float
    """By how much at worst the connection's limits would not be kept, now or on any path."""
    over_cost: float
    """The part of the cost that is the penalty for it; nobody pays it."""
    charge_kw: float
    discharge_kw: float
    import_kw: float
    export_kw: float
    curtailed_kw: float
    stored_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The cheapest candidate or what a person asked for, every candidate, and what one stored kWh is worth after the slot."""

    best: Candidate
    candidates: tuple[Candidate, ...]
    stored_kwh_value: float
    keeps_reserve: bool = False
    """Whether it is to hold because feeding the house would drain the wished reserve."""
    keeps_limit: bool = False
    """Whether something cheaper would break a limit of the connection, by more."""

    def told_in(self, money: Currency) -> "Choice":
        """Return a choice made in yardsticks with its costs and worth as money."""
        best, *candidates = (
            replace(each, cost=money.of(each.cost), over_cost=money.of(each.over_cost)) for each in (self.best, *self.candidates)
        )
        return replace(self, best=best, candidates=tuple(candidates), stored_kwh_value=money.of(self.stored_kwh_value))


def choose(problem: Problem, paths: Paths, *, running: Command | None = None, switching_cost: float = 0.0) -> Choice:
    """Return this slot's command, chosen before its load and sun are seen; leaving the running mode costs `switching_cost`."""
    money = problem.site.money
    choice = _choose(in_yardsticks(problem), paths, running=running, switching_cost=switching_cost / money.scale)
    return choice if money.scale == YARDSTICK.scale else choice.told_in(money)


def _choose(problem: Problem, paths: Paths, *, running: Command | None, switching_cost: float) -> Choice:
    """Return the command of a problem in yardsticks."""
    ahead, forced = cost_to_go(problem, paths), problem.slots[0].forced
    found = tuple(_weighed(problem, paths, ahead, command) for command in commands(problem, paths, ahead))
    if forced is not None:
        best = _weighed(problem, paths, ahead, forced)
        worth = ahead.worth_per_kwh(problem.start_kwh, best.stored_kwh, paths.weight)
        return Choice(best=best, candidates=(best, *found), stored_kwh_value=worth)
    ranked = [each.cost + (switching_cost if running is not None and each.command.mode is not running.mode else 0.0) for each in found]
    best = found[next(n for n, cost in enumerate(ranked) if cost <= min(ranked) + TIE)]
    keeps_limit = _keeps_limit(found, best)
    hold = next((each for each in found if each.command.mode is Mode.HOLD), None)
    keeps_reserve = (
        hold is not None
        and best.command.mode in (*DRAINING, Mode.HOLD)
        and hold.over_kw <= best.over_kw + NOTICEABLE_KW
        and _drains_reserve(problem, paths)
    )
    best = hold if hold is not None and keeps_reserve else best
    worth = ahead.worth_per_kwh(problem.start_kwh, best.stored_kwh, paths.weight)
    return Choice(best=best, candidates=found, stored_kwh_value=worth, keeps_reserve=keeps_reserve, keeps_limit=keeps_limit)


def _keeps_limit(found: Sequence[Candidate], best: Candidate) -> bool:
    """Tell whether a command is chosen because what would be cheaper breaks a limit of the connection by more."""
    cheapest = min(found, key=lambda each: each.cost - each.over_cost)
    return best.over_kw > NOTICEABLE_KW or cheapest.over_kw > best.over_kw + NOTICEABLE_KW


def _drains_reserve(problem: Problem, paths: Paths) -> bool:
    """Tell whether feeding the house until the next round may drain a reserve at which the inverter does not stop by itself.

    Slots are weighed as if it did, for here it is told to hold in time.
    """
    battery, now = problem.site.battery, problem.measured
    deficit_kw = float(np.max(paths.load_kw[:, 0] - paths.solar_kw[:, 0]))
    if now is not None:
        deficit_kw = max(deficit_kw, now.load_kw - now.solar_kw)
    above_kwh = problem.start_kwh - battery.kept_kwh
    return battery.bottom_kwh < battery.kept_kwh and deficit_kw > 0 and above_kwh <= deficit_kw * ROUND_H / battery.discharge_efficiency


def commands(problem: Problem, paths: Paths, ahead: CostToGo) -> Sequence[Command]:
    """Return what the first slot may be told, self-use first: ties go to it.

    Forced modes at some parts of full power, at the power that ends the slot at the level that is the cheapest to stop at, and at the one
    that just keeps the connection's limits where they would not be kept.
    """
    site = problem.site
    offered = [mode for mode in Mode if mode in site.inverter.modes]
    passive = [Command(mode=mode) for mode in offered if mode not in FORCED]
    forced = [
        Command(mode=mode, power_kw=power)
        for mode in offered
        if mode in FORCED
        for power in (*_powers(site, mode), *_target_powers(problem, paths, ahead, mode), *_limit_powers(problem, paths, mode))
    ]
    sells_nothing = problem.sells_nothing(problem.slots[0])
    every = (*passive, *forced)
    return tuple(replace(each, export_limit_kw=0.0) for each in every) if sells_nothing else every


def _powers(site: Site, mode: Mode) -> Sequence[float]:
    """Return the powers in kW a forced mode is tried at; one without a set-point runs at its own."""
    full = site.max_charge_kw if mode is Mode.FORCE_CHARGE else site.max_discharge_kw
    shares = POWER_SHARES[:1] if mode in site.inverter.own_power else POWER_SHARES
    return [round(full * share, 3) for share in shares] if full > 0 else []


def _target_powers(problem: Problem, paths: Paths, ahead: CostToGo, mode: Mode) -> Sequence[float]:
    """Return the power in kW at which a forced mode ends the slot where it is the cheapest to stop, where that is less than full power."""
    site, slot = problem.site, problem.slots[0]
    if mode in site.inverter.own_power:
        return []
    stop_kwh = target_kwh(problem, slot, mode, ahead.levels_kwh, ahead.table @ paths.weight)
    kw = float(power_to_kw(site.battery, stop_kwh, np.asarray(problem.start_kwh), slot.hours))
    toward = kw if mode is Mode.FORCE_CHARGE else -kw
    full = site.max_charge_kw if mode is Mode.FORCE_CHARGE else site.max_discharge_kw
    return [round(toward, 3)] if LEAST_SHARE * full < toward < full else []


def _limit_powers(problem: Problem, paths: Paths, mode: Mode) -> Sequence[float]:
    """Return the power in kW a forced mode needs to keep the connection's limits on every path and for what flows now."""
    site, now = problem.site, problem.measured
    if mode in site.inverter.own_power:
        return []
    needed = float(np.max(limit_kw(site, mode, solar_kw=paths.solar_kw[:, 0], load_kw=paths.load_kw[:, 0])))
    if now is not None:
        needed = max(needed, float(limit_kw(site, mode, solar_kw=np.asarray(now.solar_kw), load_kw=np.asarray(now.load_kw))))
    return [ceil(100 * needed - 1e-6) / 100] if needed > 0 else []


def _weighed(problem: Problem, paths: Paths, ahead: CostToGo, command: Command) -> Candidate:
    """Return a command with the expected cost of the slot as the inverter really behaves, and of what follows."""
    site, slot = problem.site, problem.slots[0]
    solar, load = paths.solar_kw[:, 0], paths.load_kw[:, 0]
    flows = run_slot(site, command, stored_kwh=problem.start_kwh, solar_kw=solar, load_kw=load, hours=slot.hours)
    charge, discharge, stored = (np.broadcast_to(each, load.shape) for each in (flows.charge_kw, flows.discharge_kw, flows.stored_kwh))
    cost = flow_cost(problem, slot, charge - discharge, solar_kw=solar, load_kw=load)
    cost = cost + standing_cost(problem, slot, stored) + ahead.at(stored)
    over_now_kw, over = _over_now_kw(problem, command), over_limit_kw(site, import_kw=flows.import_kw, export_kw=flows.export_kw)

    def mean(series: object) -> float:
        return float(np.broadcast_to(np.asarray(series, dtype=np.float64), load.shape) @ paths.weight)

    over_now_cost = over_now_kw * OVER_LIMIT_PER_KWH * min(slot.hours, ROUND_H)
    over_cost = mean(over) * OVER_LIMIT_PER_KWH * slot.hours + over_now_cost
    return Candidate(
        command=command,
        cost=mean(cost) + over_now_cost,
        over_kw=max(over_now_kw, float(np.max(over))),
        over_cost=over_cost,
        charge_kw=mean(charge),
        discharge_kw=mean(discharge),
        import_kw=mean(flows.import_kw),
        export_kw=mean(flows.export_kw),
        curtailed_kw=mean(flows.curtailed_kw),
        stored_kwh=mean(stored),
    )


def _over_now_kw(problem: Problem, command: Command) -> float:
    """Return by how much a command would leave the connection beyond its limits at what flows now, in kW."""
    site, now = problem.site, problem.measured
    if now is None:
        return 0.0
    flows = run_slot(site, command, stored_kwh=problem.start_kwh, solar_kw=now.solar_kw, load_kw=now.load_kw, hours=ROUND_H)
    return float(over_limit_kw(site, import_kw=flows.import_kw, export_kw=flows.export_kw))
