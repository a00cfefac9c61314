"""An independent look at a solution: a solver's word is not taken for it."""

from collections.abc import Iterator, Sequence
from math import isfinite
from operator import itemgetter

from app.domain.asset import AssetId
from app.domain.errors import InfeasibleError
from app.domain.plan import PlanStep
from app.domain.site import Coupling
from app.optimizer.parts import devices
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.tolerance import TOLERANCE_KW, TOLERANCE_KWH


def prove(problem: Problem, steps: Sequence[PlanStep]) -> None:
    """Raise unless the steps are physically possible: the house balances, and every device can do what its trace says.

    Raises:
        InfeasibleError: names the first thing that is wrong.
    """
    for t, complaint in sorted(_wrong(problem, steps), key=itemgetter(0)):
        raise InfeasibleError(f"the solution is wrong at {problem.slots[t].priced.slot.start}: {complaint}")


def _wrong(problem: Problem, steps: Sequence[PlanStep]) -> Iterator[tuple[int, str]]:
    every = devices(problem)
    shared = frozenset(device.id for device in every if device.is_shared)
    if any([trace.asset for trace in step.traces] != [device.id for device in every] for step in steps):
        yield 0, "a device is missing, or one too many"
        return
    for t, (slot, step) in enumerate(zip(problem.slots, steps, strict=True)):
        yield from ((t, complaint) for complaint, is_so in _wrong_house(slot, step).items() if is_so)
    for n, device in enumerate(every):
        yield from device.wrong(problem, [step.traces[n] for step in steps])
    for t, (slot, step) in enumerate(zip(problem.slots, steps, strict=True)):
        if _overloaded(problem, slot, step, shared):
            yield t, "the inverter is overloaded"


def _wrong_house(slot: ProblemSlot, step: PlanStep) -> dict[str, bool]:
    """Return every complaint about a slot as a whole, and whether it is justified."""
    powers = (step.import_kw, step.export_kw)
    balance = step.import_kw - step.export_kw - slot.load_kw - sum(trace.power_kw for trace in step.traces)
    return {
        "a power is not a number": not all(map(isfinite, (*powers, balance))),
        "a power is negative": min(powers) < 0,
        "the house does not balance": abs(balance) * slot.hours > TOLERANCE_KWH,
        "it imports and exports at once": min(powers) > TOLERANCE_KW,
    }


def _overloaded(problem: Problem, slot: ProblemSlot, step: PlanStep, shared: frozenset[AssetId]) -> bool:
    """Tell whether more flows through a shared inverter than it can pass."""
    site = problem.site
    through = -sum(trace.power_kw for trace in step.traces if trace.asset in shared)
    most = site.inverter.ac_limit_kw if site.solar.curtailable else max(site.inverter.ac_limit_kw, slot.solar_kw)
    is_within = -site.inverter.ac_limit_kw - TOLERANCE_KW <= through <= most + TOLERANCE_KW
    return site.inverter.coupling is Coupling.DC and not is_within
