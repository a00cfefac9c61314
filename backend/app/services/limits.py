"""Limits on what is asked of others: when it must be done, and how many bytes may come. They hold for a whole block of exchanges."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from sys import maxsize


@dataclass(slots=True)
class Limits:
    """An end on the monotonic clock and the bytes that may still come, within the limits of what this is a part of."""

    end_s: float
    left_bytes: int
    outer: "Limits | None" = None

    @property
    def most_bytes(self) -> int:
        """How many bytes may still come."""
        return self.left_bytes if self.outer is None else min(self.left_bytes, self.outer.most_bytes)

    def take(self, size: int) -> None:
        """Count bytes that came."""
        self.left_bytes -= size
        if self.outer is not None:
            self.outer.take(size)


_held: ContextVar[Limits | None] = ContextVar("limits", default=None)


@contextmanager
def within(seconds: float, most_bytes: int = maxsize) -> Iterator[Limits]:
    """Have everything that is asked in the block end in time and stay small, taken together. Of nested limits the tightest holds."""
    outer, end_s = _held.get(), time.monotonic() + seconds
    limits = Limits(end_s, most_bytes) if outer is None else Limits(min(end_s, outer.end_s), most_bytes, outer)
    before = _held.set(limits)
    try:
        yield limits
    finally:
        _held.reset(before)


def held() -> Limits | None:
    """Return the limits that hold here, if any do."""
    return _held.get()


def left_s(wait_s: float = inf) -> float:
    """Return how long a wait may last that would last so long by itself; 0 when the time is up."""
    limits = _held.get()
    return wait_s if limits is None else min(wait_s, max(0.0, limits.end_s - time.monotonic()))
