"""An independent look at a solution: a solver's word is not taken for it."""

from collections.abc import Iterator, Sequence
from math import isfinite
from operator import itemgetter

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
    if any([trace.asset for trace in step.traces] != [device.id for device in every] for step in steps):
        yield 0, "a device is missing, or one too many"
        return
    for t, (slot, step) in enumerate(zip(problem.slots, steps, strict=True)):
        yield from ((t, complaint) for complaint in _wrong_house(slot, step))
    for n, device in enumerate(every):
        yield from device.wrong(problem, [step.traces[n] for step in steps])
    if problem.site.inverter.coupling is Coupling.DC:
        shared = [n for n, device in enumerate(every) if device.is_shared]
        overloaded = (
            t for t, step in enumerate(steps) if _overloaded(problem, problem.slots[t], -sum(step.traces[n].power_kw for n in shared))
        )
        yield from ((t, "the inverter is overloaded") for t in overloaded)


def _wrong_house(slot: ProblemSlot, step: PlanStep) -> Iterator[str]:
    """Yield what is wrong with a slot as a whole."""
    bought, sold = step.import_kw, step.export_kw
    balance = bought - sold - slot.load_kw - sum([trace.power_kw for trace in step.traces])
    if not (isfinite(bought) and isfinite(sold) and isfinite(balance)):
        yield "a power is not a number"
    if min(bought, sold) < 0:
        yield "a power is negative"
    if abs(balance) * slot.hours > TOLERANCE_KWH:
        yield "the house does not balance"
    if min(bought, sold) > TOLERANCE_KW:
        yield "it imports and exports at once"


def _overloaded(problem: Problem, slot: ProblemSlot, through_kw: float) -> bool:
    """Tell whether more flows through a shared inverter than it can pass."""
    limit = problem.site.inverter.ac_limit_kw
    most = limit if problem.site.solar.curtailable else max(limit, slot.solar_kw)
    return not -limit - TOLERANCE_KW <= through_kw <= most + TOLERANCE_KW
