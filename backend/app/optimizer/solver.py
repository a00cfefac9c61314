"""HiGHS by PuLP, for many small programs a day: quiet, one thread, and able to go on from its last basis when only bounds changed."""

import numpy as np
from pulp import HiGHS, LpProblem, LpSolveStats
from pulp.constants import LpSolveStatus

from app.domain.errors import InfeasibleError
from app.optimizer.part import Ranges

ABSOLUTE_GAP = 0.001
"""Yardsticks, a tenth of a penny: a search stops when a better plan could save at most this."""
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


def search(time_limit_s: float, relative_gap: float) -> HiGHS:
    """Return a solver that searches all choices until the best plan found is within a share of the best possible."""
    return HiGHS(msg=False, threads=1, timeLimit=time_limit_s, gapRel=relative_gap, gapAbs=ABSOLUTE_GAP, random_seed=1, **SEARCH)


def plain(time_limit_s: float) -> HiGHS:
    """Return a solver for which choices are numbers between 0 and 1."""
    return HiGHS(mip=False, msg=False, threads=1, timeLimit=time_limit_s, random_seed=1, presolve="off")


def solve(lp: LpProblem, solver: HiGHS) -> LpSolveStats:
    """Solve a program from nothing.

    Raises:
        InfeasibleError: there is no solution, or none was found in time.
    """
    stats = lp.solve(solver)
    if not stats.has_solution or not (solver.mip or stats.status == LpSolveStatus.Optimal):  # half a plain program is no plan
        raise InfeasibleError(f"the solver found no plan: {stats.status.name}")
    return stats


def solve_again(lp: LpProblem, solver: HiGHS, bounds: Ranges) -> None:
    """Solve what this solver solved last once more, from there, within other bounds of some variables.

    Raises:
        InfeasibleError: these bounds leave no solution.
    """
    column_of = {variable.id: n for n, variable in enumerate(lp.exported_variables())}
    for variable, (low, high) in bounds.items():
        variable.lowBound, variable.upBound = low, high
    columns = np.array([column_of[variable.id] for variable in bounds], dtype=np.int32)
    lows, highs = np.array(list(bounds.values()), dtype=np.float64).T.copy()
    lp.solverModel.changeColsBounds(len(columns), columns, lows, highs)
    solver.callSolver(lp)
    status, _ = solver.findSolutionValues(lp)
    if status != LpSolveStatus.Optimal:
        raise InfeasibleError(f"the solver found no plan within its choices: {status.name}")
