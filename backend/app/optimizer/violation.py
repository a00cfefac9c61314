"""Which wishes a schedule could not keep."""

from collections.abc import Callable, Iterator, Sequence

from app.domain.plan import PlanStep, Violation
from app.optimizer.problem import Problem

NOTICEABLE = 1e-4


def violations(problem: Problem, steps: Sequence[PlanStep]) -> tuple[Violation, ...]:
    """Return every limit that is not kept: when first, by how much at worst, and when it is kept again."""
    battery, grid = problem.site.battery, problem.site.grid
    found = (
        _worst("reserve", "kWh", steps, lambda step: battery.reserve_kwh - step.stored_kwh),
        _worst("limit", "kWh", steps, lambda step: step.stored_kwh - battery.top_kwh),
        _worst("import_limit", "kW", steps, lambda step: step.import_kw - grid.import_limit_kw),
        _worst("export_limit", "kW", steps, lambda step: step.export_kw - grid.export_limit_kw),
    )
    return tuple(violation for each in found for violation in each)


def _worst(limit: str, unit: str, steps: Sequence[PlanStep], excess: Callable[[PlanStep], float]) -> Iterator[Violation]:
    broken = [step for step in steps if excess(step) > NOTICEABLE]
    if broken:
        last = broken[-1].priced.slot.end
        yield Violation(
            limit=limit,
            unit=unit,
            at=broken[0].priced.slot.start,
            amount=round(max(map(excess, broken)), 4),
            until=None if broken[-1] is steps[-1] else last,
        )
