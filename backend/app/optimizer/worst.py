"""How a limit gives way: when first, by how much at worst, and until when."""

from collections.abc import Iterator, Sequence

from app.domain.plan import Violation
from app.optimizer.problem import Problem

NOTICEABLE = 1e-4


def worst(limit: str, unit: str, problem: Problem, excess: Sequence[float]) -> Iterator[Violation]:
    """Yield the violation of a limit that is exceeded by so much in each slot; nothing where it never is."""
    broken = [t for t, each in enumerate(excess) if each > NOTICEABLE]
    if broken:
        first, last = problem.slots[broken[0]].priced.slot, problem.slots[broken[-1]].priced.slot
        yield Violation(
            limit=limit,
            unit=unit,
            at=first.start,
            amount=round(max(excess), 4),
            until=None if broken[-1] == len(excess) - 1 else last.end,
        )
