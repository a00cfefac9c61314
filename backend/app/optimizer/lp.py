"""The solver: the cheapest plan as a linear program, a list of parts on one house bus."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulp import HiGHS, LpProblem, LpSolveStats, LpVariable

from app.domain.asset import AssetId, Trace
from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStatus, PlanStep, Violation
from app.domain.site import Coupling
from app.optimizer import grid
from app.optimizer.check import prove
from app.optimizer.part import Bus, DevicePart, Part, Reach, either_or, number, total
from app.optimizer.parts import devices
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.tolerance import COST_TOLERANCE, TOLERANCE_KW
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
    devices: Mapping[AssetId, DevicePart]

    @property
    def parts(self) -> Sequence[Part]:
        return (self.grid, *self.devices.values())


def solve(
    problem: Problem, *, time_limit_s: float = 10.0, relative_gap: float = RELATIVE_GAP, decided: Mapping[AssetId, float] | None = None
) -> Solution:
    """Return the cheapest schedule. Power is the slot's average in kW, energy its end in kWh, cost in the prices' currency.

    `decided` are the powers in kW, drawing positive, of what is decided already for the first slot.

    Raises:
        InfeasibleError: no schedule was proved in time; the next rung of the ladder answers.
    """
    began = time.perf_counter()
    model = build(problem)
    for asset, kw in (decided or {}).items():
        model.devices[asset].carry_out(kw)
    stats = _search(model, began + time_limit_s, relative_gap)
    if model.lp.isMIP():
        _settle_choices(model)
    traces = {asset: part.traces() for asset, part in model.devices.items()}
    steps = tuple(_step(slot, tuple(each[t] for each in traces.values())) for t, slot in enumerate(problem.slots))
    prove(problem, steps)
    _prove_cost(model, steps, traces)
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
    lp, every = LpProblem("plan"), devices(problem)
    shared = frozenset(device.id for device in every if device.is_shared)
    reach = Reach(slots=len(problem.slots), bounds={device.id: device.bounds(problem) for device in every}, shared=shared)
    connection = grid.add_grid(lp, problem, reach)
    bus = Bus(lp=lp, problem=problem, reach=reach, importing=connection.importing)
    model = _Model(problem=problem, lp=lp, grid=connection, devices={device.id: device.add(bus) for device in every})
    for t, slot in enumerate(problem.slots):
        drawn = [term for part in model.parts for term in part.load_kw[t]]
        lp.addConstraint(total(drawn) == slot.solar_kw - slot.load_kw, f"house_balances_{t}")
        grid.buy_for_use(lp, t, connection, drawn, slot)
        if problem.site.inverter.coupling is Coupling.DC and len(shared) < len(every):
            grid.keep_inverter(
                lp, t, problem, [term for asset, part in model.devices.items() if asset in shared for term in part.load_kw[t]]
            )
    lp.setObjective(total([term for part in model.parts for term in (*part.cost, *part.penalty)]))
    return model


def _solver(time_limit_s: float, relative_gap: float = RELATIVE_GAP) -> HiGHS:
    return HiGHS(msg=False, threads=1, timeLimit=time_limit_s, gapRel=relative_gap, gapAbs=ABSOLUTE_GAP, random_seed=1, **SEARCH)


def _search(model: _Model, deadline_s: float, relative_gap: float) -> LpSolveStats:
    """Solve; where a device goes both ways at once, forbid it there and solve again, until none does so anywhere.

    `battery.could_cheat` sees nearly every such slot beforehand. What it cannot see is energy burnt to make room: for a
    negative price to come, or for sun that nobody can take.
    """
    while True:
        stats = model.lp.solve(_solver(max(0.0, deadline_s - time.perf_counter()), relative_gap))
        if not stats.has_solution:
            raise InfeasibleError(f"the solver found no plan: {stats.status.name}")
        at_once = list(_at_once(model))
        if not at_once:
            return stats
        for asset, t, one, other in at_once:
            either_or(model.lp, f"{asset}_one_way_{t}", (one, float(one.upBound)), (other, float(other.upBound)))


def _settle_choices(model: _Model) -> None:
    """Fix every either-or as found and solve the rest again: exact to the last watt, and with the duals a choice hides."""
    idle = {(asset, t): _idle(*pair) for asset, part in model.devices.items() for t, pair in enumerate(part.directions)}
    for variable in model.lp.variables():
        if variable.cat == "Integer":
            chosen = round(number(variable))
            variable.lowBound = variable.upBound = chosen
            variable.cat = "Continuous"
    while True:
        if not model.lp.solve(_solver(SETTLE_LIMIT_S)).has_solution:
            raise InfeasibleError("the solver could not repeat its own plan")
        at_once = list(_at_once(model))
        if not at_once:
            return
        for asset, t, *_ in at_once:
            idle[asset, t].upBound = 0.0


def _at_once(model: _Model) -> Iterator[tuple[AssetId, int, LpVariable, LpVariable]]:
    """Yield where a device goes both ways at once: which, in which slot, and its two powers."""
    for asset, part in model.devices.items():
        for t, (one, other) in enumerate(part.directions):
            if min(number(one), number(other)) > TOLERANCE_KW:
                yield asset, t, one, other


def _idle(one: LpVariable, other: LpVariable) -> LpVariable:
    """Return the direction that is not used."""
    return other if number(one) > number(other) else one


def _gap(stats: LpSolveStats, objective: float) -> float:
    """Return the proved distance from the best possible, as a share of the objective; 0 for a plain program solved to its end."""
    if stats.best_bound is None:
        return 0.0
    bound = float(stats.best_bound)
    return max(0.0, objective - bound) / max(abs(objective), ABSOLUTE_GAP)


def _step(slot: ProblemSlot, traces: tuple[Trace, ...]) -> PlanStep:
    """Return one step rebuilt from what every device does, so that the house balances exactly."""
    drawn = sum((trace.power_kw for trace in reversed(traces)), slot.load_kw)
    bought, sold = max(0.0, drawn), max(0.0, -drawn)
    price = slot.priced
    return PlanStep(
        priced=price,
        load_kw=slot.load_kw,
        solar_kw=slot.solar_kw,
        import_kw=bought,
        export_kw=sold,
        cost=slot.hours * (bought * price.import_per_kwh - sold * price.export_per_kwh) + sum(trace.cost for trace in traces),
        traces=traces,
    )


def _prove_cost(model: _Model, steps: Sequence[PlanStep], traces: Mapping[AssetId, Sequence[Trace]]) -> None:
    """Raise unless the flows cost what the solver says they cost."""
    penalties = sum(number(v) * factor for part in model.parts for v, factor in part.penalty)
    left = sum(part.left(traces[asset]) for asset, part in model.devices.items())
    found = sum(step.cost for step in steps) + penalties - left
    said = _value(model)
    if abs(found - said) > COST_TOLERANCE * max(1.0, abs(said)):
        raise InfeasibleError(f"the solver says {said:.6f}, its own flows cost {found:.6f}")


def _value(model: _Model) -> float:
    return float(model.lp.objective.value())
