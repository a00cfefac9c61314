"""Which wishes a schedule could not keep."""

from collections.abc import Iterator, Sequence

from app.domain.plan import PlanStep, Violation
from app.optimizer.parts import devices
from app.optimizer.problem import Problem
from app.optimizer.worst import worst


def violations(problem: Problem, steps: Sequence[PlanStep]) -> tuple[Violation, ...]:
    """Return every limit that is not kept: when first, by how much at worst, and when it is kept again."""
    return (*_of_devices(problem, steps), *_of_grid(problem, steps))


def _of_devices(problem: Problem, steps: Sequence[PlanStep]) -> Iterator[Violation]:
    for n, device in enumerate(devices(problem)):
        yield from device.broken(problem, [step.traces[n] for step in steps])


def _of_grid(problem: Problem, steps: Sequence[PlanStep]) -> Iterator[Violation]:
    grid = problem.site.grid
    yield from worst("import_limit", "kW", problem, [step.import_kw - grid.import_limit_kw for step in steps])
    yield from worst("export_limit", "kW", problem, [step.export_kw - grid.export_limit_kw for step in steps])
