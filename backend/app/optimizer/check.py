"""An independent look at a solution: a solver's word is not taken for it."""

from collections.abc import Sequence
from math import isfinite

from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStep
from app.domain.site import Coupling
from app.optimizer.problem import Problem, ProblemSlot

TOLERANCE_KW = 1e-5
"""Ten milliwatts: far below what any device can measure, above a solver's own tolerance."""
TOLERANCE_KWH = 1e-6
COST_TOLERANCE = 1e-4
"""Yardsticks by which the solver's objective and the cost of the checked flows may differ."""


def prove(problem: Problem, steps: Sequence[PlanStep]) -> None:
    """Raise unless the steps are physically possible: balanced, within bounds, one direction at a time.

    Raises:
        InfeasibleError: names the first thing that is wrong.
    """
    stored = problem.start_kwh
    for slot, step in zip(problem.slots, steps, strict=True):
        _prove_step(problem, slot, step, stored)
        stored = step.stored_kwh


def _prove_step(problem: Problem, slot: ProblemSlot, step: PlanStep, stored_kwh: float) -> None:
    site = problem.site
    powers = (step.import_kw, step.export_kw, step.charge_kw, step.discharge_kw, step.curtailed_kw)
    balance = slot.solar_kw - step.curtailed_kw + step.import_kw + step.discharge_kw - slot.load_kw - step.export_kw - step.charge_kw
    stores = (step.charge_kw * site.battery.charge_efficiency - step.discharge_kw / site.battery.discharge_efficiency) * slot.hours
    drift = stored_kwh + stores - step.stored_kwh
    through_inverter = slot.solar_kw - step.curtailed_kw + step.discharge_kw - step.charge_kw
    most_through = site.inverter.ac_limit_kw if site.solar.curtailable else max(site.inverter.ac_limit_kw, slot.solar_kw)
    wrong = {
        "a power is not a number": not all(map(isfinite, powers)),
        "a power is negative": min(powers) < 0,
        "the house does not balance": abs(balance) * slot.hours > TOLERANCE_KWH,
        "the battery does not add up": abs(drift) > TOLERANCE_KWH,
        "it imports and exports at once": min(step.import_kw, step.export_kw) > TOLERANCE_KW,
        "it charges and discharges at once": min(step.charge_kw, step.discharge_kw) > TOLERANCE_KW,
        "it charges too fast": step.charge_kw > site.max_charge_kw + TOLERANCE_KW,
        "it discharges too fast": step.discharge_kw > site.max_discharge_kw + TOLERANCE_KW,
        "it curtails more than there is": step.curtailed_kw > slot.solar_kw + TOLERANCE_KW,
        "the battery is emptier than empty": step.stored_kwh < -TOLERANCE_KWH,
        "the battery is fuller than full": step.stored_kwh > site.battery.capacity_kwh + TOLERANCE_KWH,
        "the inverter is overloaded": site.inverter.coupling is Coupling.DC
        and not -site.inverter.ac_limit_kw - TOLERANCE_KW <= through_inverter <= most_through + TOLERANCE_KW,
    }
    for complaint, is_so in wrong.items():
        if is_so:
            raise InfeasibleError(f"the solution is wrong at {slot.priced.slot.start}: {complaint}")
