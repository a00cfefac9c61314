"""The solver: the cheapest plan as a linear program, a list of parts on one house bus."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulp import LpProblem, LpVariable

from app.domain.asset import BATTERY, AssetId, Trace
from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStatus, PlanStep, Violation
from app.domain.site import Coupling
from app.optimizer import grid, solver
from app.optimizer.check import prove
from app.optimizer.course import course
from app.optimizer.part import Bus, DevicePart, Part, Ranges, Reach, either_or, number, total
from app.optimizer.parts import devices
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.solver import ABSOLUTE_GAP
from app.optimizer.tolerance import COST_TOLERANCE, TOLERANCE_KW
from app.optimizer.violation import violations

RELATIVE_GAP, LIVE_GAP = 0.001, 0.005
"""Plans with other devices, whose choices are searched, stop when a better one could save at most this share."""

SETTLE_LIMIT_S = 1.0
"""A program without choices takes milliseconds; this bounds what cannot happen."""


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
    model, bound = _solved(problem, began + time_limit_s, relative_gap, decided or {})
    traces = {asset: part.traces() for asset, part in model.devices.items()}
    steps = tuple(_step(slot, tuple(each[t] for each in traces.values())) for t, slot in enumerate(problem.slots))
    prove(problem, steps)
    _prove_cost(model, steps, traces)
    gap = _gap(bound, _value(model))
    objective = _value(model) - _ties(model)
    return Solution(
        steps=steps,
        objective=objective,
        status=PlanStatus.OPTIMAL if gap <= relative_gap else PlanStatus.FEASIBLE,
        gap=gap,
        violations=violations(problem, steps),
        solve_s=time.perf_counter() - began,
    )


def _solved(problem: Problem, deadline_s: float, relative_gap: float, decided: Mapping[AssetId, float]) -> tuple[_Model, float]:
    """Return a solved model, and what it costs at least."""
    if not problem.assets:
        model = _begun(problem, decided)
        try:
            return model, _settled(model, deadline_s, decided.get(BATTERY))
        except InfeasibleError:  # a course so near a limit that its choices leave nothing
            if time.perf_counter() >= deadline_s or any(slot.forced is not None for slot in problem.slots):
                raise
    model = _begun(problem, decided)
    return model, _searched(model, deadline_s, relative_gap)


def _begun(problem: Problem, decided: Mapping[AssetId, float]) -> _Model:
    """Return the model with what is decided already."""
    model = build(problem)
    for asset, kw in decided.items():
        model.devices[asset].carry_out(kw)
    return model


def build(problem: Problem) -> _Model:
    """Return the model: every part adds its variables, its draw from the house bus and its cost."""
    lp, every = LpProblem("plan"), devices(problem)
    shared = frozenset(device.id for device in every if device.is_shared)
    reach = Reach(slots=len(problem.slots), bounds={device.id: device.bounds(problem) for device in every}, shared=shared)
    connection = grid.add_grid(lp, problem, reach)
    bus = Bus(
        lp=lp,
        problem=problem,
        reach=reach,
        import_kw=connection.import_kw,
        export_kw=connection.export_kw,
        importing=connection.importing,
    )
    model = _Model(problem=problem, lp=lp, grid=connection, devices={device.id: device.add(bus) for device in every})
    for t, slot in enumerate(problem.slots):
        drawn = [term for part in model.parts for term in part.load_kw[t]]
        lp.addConstraint(total(drawn) == slot.solar_kw - slot.load_kw, f"house_balances_{t}")
        grid.buy_for_use(lp, t, connection, drawn, slot)
        if problem.site.inverter.coupling is Coupling.DC and len(shared) < len(every):
            grid.keep_inverter(
                lp, t, problem, [term for asset, part in model.devices.items() if asset in shared for term in part.load_kw[t]]
            )
    lp.setObjective(total([term for part in model.parts for term in (*part.cost, *part.penalty, *part.ties)]))
    return model


def _settled(model: _Model, deadline_s: float, decided_kw: float | None) -> float:
    """Solve with the choices of the cheapest course; return what the plan costs at least.

    That is known from the program without choices. Where it goes one way only by itself, it is the plan.
    """
    plain = solver.plain(max(0.0, deadline_s - time.perf_counter()))
    solver.solve(model.lp, plain)
    bound = _value(model)
    if any(part.is_open() for part in model.parts):
        found = course(model.problem, decided_kw=decided_kw)
        solver.solve_again(model.lp, plain, {each: bounds for part in model.parts for each, bounds in part.as_in(found).items()})
    while one_way := _one_way(model):
        solver.solve_again(model.lp, plain, one_way)
    return bound


def _searched(model: _Model, deadline_s: float, relative_gap: float) -> float:
    """Search all choices, then keep those found and solve the rest again: exact to the last watt, and with the duals a choice hides.

    Where a device goes both ways at once, that is forbidden there and searched again, until none does so anywhere.
    `battery.could_cheat` sees nearly every such slot beforehand; what it cannot see is energy burnt to make room.
    """
    while True:
        stats = solver.solve(model.lp, solver.search(max(0.0, deadline_s - time.perf_counter()), relative_gap))
        bound = _value(model) if stats.best_bound is None else float(stats.best_bound)
        at_once = list(_at_once(model))
        if not at_once:
            break
        for asset, t, one, other in at_once:
            either_or(model.lp, f"{asset}_one_way_{t}", (one, float(one.upBound)), (other, float(other.upBound)))
    for variable in model.lp.variables():
        if variable.cat == "Integer":
            variable.lowBound = variable.upBound = round(number(variable))
    plain = solver.plain(SETTLE_LIMIT_S)
    solver.solve(model.lp, plain)
    while one_way := _one_way(model):
        solver.solve_again(model.lp, plain, one_way)
    return bound


def _one_way(model: _Model) -> Ranges:
    """Return the bounds that keep every device to the stronger of two directions, where one goes both at once."""
    return {one if number(one) < number(other) else other: (0.0, 0.0) for _, _, one, other in _at_once(model)}


def _at_once(model: _Model) -> Iterator[tuple[AssetId, int, LpVariable, LpVariable]]:
    """Yield where a device goes both ways at once: which, in which slot, and its two powers."""
    for asset, part in model.devices.items():
        for t, (one, other) in enumerate(part.directions):
            if min(number(one), number(other)) > TOLERANCE_KW:
                yield asset, t, one, other


def _gap(bound: float, objective: float) -> float:
    """Return the proved distance from the best possible, as a share of the objective."""
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
    said = _value(model) - _ties(model)
    if abs(found - said) > COST_TOLERANCE * max(1.0, abs(said)):
        raise InfeasibleError(f"the solver says {said:.6f}, its own flows cost {found:.6f}")


def _value(model: _Model) -> float:
    return float(model.lp.objective.value())


def _ties(model: _Model) -> float:
    return sum(number(variable) * factor for part in model.parts for variable, factor in part.ties)
