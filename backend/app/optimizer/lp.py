"""The solver: the cheapest plan as a linear program, a list of parts on one house bus."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pulp import HiGHS, LpProblem, LpSolveStats, LpVariable

from app.domain.errors import InfeasibleError
from app.domain.house import available_kw, room_kw, stored_after
from app.domain.plan import PlanStatus, PlanStep, Violation
from app.optimizer import battery, grid, solar
from app.optimizer.check import COST_TOLERANCE, TOLERANCE_KW, prove
from app.optimizer.part import Part, total
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.violation import violations

RELATIVE_GAP, LIVE_GAP = 0.001, 0.005
ABSOLUTE_GAP = 0.001
"""Either-or plans stop when a better one could save at most this share, or this in yardsticks (a tenth of a penny); live, where the mode is
chosen by the worth of stored energy and not by the plan, a share that takes a quarter of the time."""

SETTLE_LIMIT_S = 1.0
"""A program without choices takes milliseconds; this bounds what cannot happen."""

SEARCH = {
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_allow_restart": False,
    "mip_allow_cut_separation_at_nodes": False,
    "presolve": "off",
}
"""HiGHS without what costs most of the time on these small problems: searches that find nothing that branching and RINS do not, cuts below
the root, and presolve, for the model is tight as it is built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A checked schedule: its steps, how good it was proved, and how long that took in seconds."""

    steps: tuple[PlanStep, ...]
    objective: float
    """Cost of the steps with penalties and less the value left in the battery, in the problem's money."""
    status: PlanStatus
    gap: float
    violations: tuple[Violation, ...]
    solve_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    problem: Problem
    lp: LpProblem
    grid: grid.GridPart
    solar: solar.SolarPart
    battery: battery.BatteryPart

    @property
    def parts(self) -> Sequence[Part]:
        return (self.grid, self.solar, self.battery)


def solve(problem: Problem, *, time_limit_s: float = 10.0, relative_gap: float = RELATIVE_GAP, decided_kw: float | None = None) -> Solution:
    """Return the cheapest schedule. Power is the slot's average in kW, energy its end in kWh, cost in the prices' currency.

    `decided_kw` is the battery's power in the first slot, charging positive, where that is decided already.

    Raises:
        InfeasibleError: no schedule was proved in time; the next rung of the ladder answers.
    """
    began = time.perf_counter()
    model = build(problem)
    if decided_kw is not None:
        battery.carry_out(model.battery, decided_kw)
    stats = _search(model, began + time_limit_s, relative_gap)
    if model.lp.isMIP():
        _settle_choices(model)
    steps = _steps(model)
    prove(problem, steps)
    _prove_cost(model, steps)
    objective = _value(model)
    return Solution(
        steps=steps,
        objective=objective,
        status=PlanStatus.OPTIMAL if stats.status.name == "Optimal" else PlanStatus.FEASIBLE,
        gap=_gap(stats, objective),
        violations=violations(problem, steps),
        solve_s=time.perf_counter() - began,
    )


def build(problem: Problem) -> _Model:
    """Return the model: every part adds its variables, its draw from the house bus and its cost."""
    lp = LpProblem("plan")
    connection, roof = grid.add_grid(lp, problem), solar.add_solar(lp, problem)
    store = battery.add_battery(lp, problem, connection)
    model = _Model(problem=problem, lp=lp, grid=connection, solar=roof, battery=store)
    for t, slot in enumerate(problem.slots):
        bus = [term for part in model.parts for term in part.load_kw[t]]
        lp.addConstraint(total(bus) == slot.solar_kw - slot.load_kw, f"house_balances_{t}")
        grid.buy_for_use(lp, t, connection, bus, slot)
    lp.setObjective(total([term for part in model.parts for term in (*part.cost, *part.penalty)]))
    return model


def _solver(time_limit_s: float, relative_gap: float = RELATIVE_GAP) -> HiGHS:
    return HiGHS(msg=False, threads=1, timeLimit=time_limit_s, gapRel=relative_gap, gapAbs=ABSOLUTE_GAP, random_seed=1, **SEARCH)


def _search(model: _Model, deadline_s: float, relative_gap: float) -> LpSolveStats:
    """Solve; where the battery charges and discharges at once, forbid it there and solve again, until it does so nowhere.

    `battery.could_cheat` sees nearly every such slot beforehand. What it cannot see is energy burnt to make room: for a
    negative price to come, or for sun that nobody can take.
    """
    while True:
        stats = model.lp.solve(_solver(max(0.0, deadline_s - time.perf_counter()), relative_gap))
        if not stats.has_solution:
            raise InfeasibleError(f"the solver found no plan: {stats.status.name}")
        at_once = _slots_at_once(model)
        if not at_once:
            return stats
        for t in at_once:
            battery.forbid_both(model.lp, model.problem, t, model.battery)


def _settle_choices(model: _Model) -> None:
    """Fix every either-or as found and solve the rest again: exact to the last watt, and with the duals a choice hides."""
    idle = [_idle(model, t) for t in range(len(model.problem.slots))]
    for variable in model.lp.variables():
        if variable.cat == "Integer":
            chosen = round(_number(variable))
            variable.lowBound = variable.upBound = chosen
            variable.cat = "Continuous"
    while True:
        if not model.lp.solve(_solver(SETTLE_LIMIT_S)).has_solution:
            raise InfeasibleError("the solver could not repeat its own plan")
        at_once = _slots_at_once(model)
        if not at_once:
            return
        for t in at_once:
            idle[t].upBound = 0.0


def _slots_at_once(model: _Model) -> list[int]:
    """Return the slots in which the battery charges and discharges at once."""
    powers = zip(model.battery.charge_kw, model.battery.discharge_kw, strict=True)
    return [t for t, (charge, discharge) in enumerate(powers) if min(_number(charge), _number(discharge)) > TOLERANCE_KW]


def _idle(model: _Model, t: int) -> LpVariable:
    """Return the direction a slot does not use."""
    charge, discharge = model.battery.charge_kw[t], model.battery.discharge_kw[t]
    return discharge if _number(charge) > _number(discharge) else charge


def _gap(stats: LpSolveStats, objective: float) -> float:
    """Return the proved distance from the best possible, as a share of the objective; 0 for a plain program solved to its end."""
    if stats.best_bound is None:
        return 0.0
    bound = float(stats.best_bound)
    return max(0.0, objective - bound) / max(abs(objective), ABSOLUTE_GAP)


def _steps(model: _Model) -> tuple[PlanStep, ...]:
    steps: list[PlanStep] = []
    stored = model.problem.start_kwh
    for t, slot in enumerate(model.problem.slots):
        step = _step(model, t, slot, stored)
        stored = step.stored_kwh
        steps.append(step)
    return tuple(steps)


def _step(model: _Model, t: int, slot: ProblemSlot, stored_kwh: float) -> PlanStep:
    """Return one step rebuilt from the battery's powers, so that balance and storage close exactly."""
    site, hours = model.problem.site, slot.hours
    charge, discharge = _net(_number(model.battery.charge_kw[t]), _number(model.battery.discharge_kw[t]))
    after_kwh = float(stored_after(site.battery, stored_kwh, charge, discharge, hours))
    if not 0.0 <= after_kwh <= site.battery.capacity_kwh:
        charge = min(charge, float(room_kw(site, stored_kwh, hours, up_to_kwh=site.battery.capacity_kwh)))
        discharge = min(discharge, float(available_kw(site, stored_kwh, hours, down_to_kwh=0.0)))
        after_kwh = float(stored_after(site.battery, stored_kwh, charge, discharge, hours))
    curtailed = _number(model.solar.curtailed_kw[t])
    drawn = slot.load_kw + charge - discharge - slot.solar_kw + curtailed
    bought, sold = max(0.0, drawn), max(0.0, -drawn)
    price = slot.priced
    return PlanStep(
        priced=price,
        load_kw=slot.load_kw,
        solar_kw=slot.solar_kw,
        curtailed_kw=curtailed,
        import_kw=bought,
        export_kw=sold,
        charge_kw=charge,
        discharge_kw=discharge,
        stored_kwh=after_kwh,
        stored_kwh_value=_stored_value(model, t),
        cost=hours * (bought * price.import_per_kwh - sold * price.export_per_kwh + discharge * site.battery.wear_per_kwh),
    )


def _stored_value(model: _Model, t: int) -> float:
    """Return the dual of the storage balance: what one more kWh at the end of slot t would save."""
    return -float(model.battery.stores[t].pi or 0.0)


def _net(charge_kw: float, discharge_kw: float) -> tuple[float, float]:
    """Drop what a solver's tolerance leaves in the other direction."""
    return (charge_kw, 0.0) if charge_kw >= discharge_kw else (0.0, discharge_kw)


def _prove_cost(model: _Model, steps: Sequence[PlanStep]) -> None:
    """Raise unless the flows cost what the solver says they cost."""
    penalties = sum(_number(v) * factor for part in model.parts for v, factor in part.penalty)
    left = steps[-1].stored_kwh * model.problem.end_value_per_kwh
    found = sum(step.cost for step in steps) + penalties - left
    said = _value(model)
    if abs(found - said) > COST_TOLERANCE * max(1.0, abs(said)):
        raise InfeasibleError(f"the solver says {said:.6f}, its own flows cost {found:.6f}")


def _value(model: _Model) -> float:
    return float(model.lp.objective.value())


def _number(variable: LpVariable | None) -> float:
    """Return a variable's value without the solver's dust: within its bounds, and 0 where it means 0."""
    if variable is None:
        return 0.0
    value = float(variable.varValue or 0.0)
    return value if abs(value) > DUST else 0.0


DUST = 1e-9
