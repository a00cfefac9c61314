"""Slots in few words: runs of equal length, each as [start in µs since the epoch, length in µs, how many]."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.domain.slot import Slot

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def runs_of(slots: Sequence[Slot]) -> list[list[int]]:
    """Return the runs of some slots, in their order."""
    runs: list[list[int]] = []
    for slot in slots:
        start, length = (slot.start - EPOCH) // MICROSECOND, (slot.end - slot.start) // MICROSECOND
        if runs and runs[-1][1] == length and runs[-1][0] + length * runs[-1][2] == start:
            runs[-1][2] += 1
        else:
            runs.append([start, length, 1])
    return runs


def slots_of(runs: Sequence[Sequence[int]]) -> tuple[Slot, ...]:
    """Return the slots of some runs."""
    return tuple(_slot(start + n * length, length) for start, length, count in runs for n in range(count))


def _slot(start: int, length: int) -> Slot:
    first = EPOCH + start * MICROSECOND
    return Slot(first, first + length * MICROSECOND)
