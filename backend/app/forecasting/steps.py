"""From a service's own intervals to our slots, keeping the energy: within an interval the power follows a shape, as the sun does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.domain.errors import UnavailableError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot
from app.forecasting.sun import Numbers

CELL_S = 300.0
"""The shape is followed in steps of this length: the sun moves by little more than a degree."""
LEAST = 1e-6
"""A shape of nothing still carries what energy a service puts into the night."""

type Shape = Callable[[Numbers], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Mean powers of intervals, oldest first, in seconds since the epoch; intervals may leave gaps but not overlap."""

    starts_s: Numbers
    ends_s: Numbers
    kw: Numbers

    def __post_init__(self) -> None:
        ordered = bool(np.all(self.ends_s > self.starts_s) and np.all(self.starts_s[1:] >= self.ends_s[:-1]))
        if not (ordered and np.all(np.isfinite(self.kw))):
            raise UnavailableError("the intervals of a forecast overlap, or one has no number")


def onto(slots: Sequence[Slot], steps: Steps, shape: Shape) -> Numbers:
    """Return the mean power of each slot; NaN where the steps do not cover all of it."""
    starts, ends = _bounds(slots)
    near = _touching(steps, starts[0], ends[-1])
    if not len(near.kw):
        return np.full(len(slots), np.nan)
    edges = _edges(starts, ends, near)
    length, middle = np.diff(edges), (edges[:-1] + edges[1:]) / 2
    of = np.maximum(np.searchsorted(near.starts_s, middle, side="right") - 1, 0)
    inside = (middle >= near.starts_s[of]) & (middle < near.ends_s[of])
    weight = np.where(inside, (np.maximum(shape(middle), 0) + LEAST) * length, 0.0)
    total = np.bincount(of, weight, minlength=len(near.kw))
    energy = (near.kw * (near.ends_s - near.starts_s))[of] * weight / total[of]
    filled, covered = (_between(edges, starts, ends, each) for each in (energy, np.where(inside, length, 0.0)))
    return np.where(covered >= ends - starts - WHOLE_WITHIN_S, np.maximum(filled / (ends - starts), 0), np.nan)


WHOLE_WITHIN_S = 1.0
"""A slot that lacks less than this is covered."""


def _bounds(slots: Sequence[Slot]) -> tuple[Numbers, Numbers]:
    return np.array([slot.start.timestamp() for slot in slots]), np.array([slot.end.timestamp() for slot in slots])


def middles(slots: Sequence[Slot]) -> Numbers:
    """Return the middle of each slot, where the sun of its mean power stands."""
    starts, ends = _bounds(slots)
    return (starts + ends) / 2


def _touching(steps: Steps, start: float, end: float) -> Steps:
    near = (steps.ends_s > start) & (steps.starts_s < end)
    return Steps(starts_s=steps.starts_s[near], ends_s=steps.ends_s[near], kw=steps.kw[near])


def _edges(starts: Numbers, ends: Numbers, near: Steps) -> Numbers:
    """Return every border of slots, intervals and cells, so that each piece lies in one of each."""
    low, high = min(starts[0], near.starts_s[0]), max(ends[-1], near.ends_s[-1])
    ticks = np.arange(low // CELL_S, high // CELL_S + 1) * CELL_S
    return np.unique(np.concatenate([ticks, starts, ends, near.starts_s, near.ends_s]))


def _between(edges: Numbers, starts: Numbers, ends: Numbers, amount: Numbers) -> Numbers:
    sums = np.concatenate([[0.0], amount.cumsum()])
    found: Numbers = sums[np.searchsorted(edges, ends)] - sums[np.searchsorted(edges, starts)]
    return found


def flat(at_s: Numbers) -> Numbers:
    """Return the same for every instant: the power stays even within an interval."""
    return np.ones_like(at_s)


def as_given(
    slots: Sequence[Slot], kw: Numbers, *, source: str, now: datetime, low_kw: Numbers | None = None, high_kw: Numbers | None = None
) -> Forecast:
    """Return the forecast of the slots up to the first that is not covered.

    Raises:
        UnavailableError: not even the first is.
    """
    holes = np.flatnonzero(np.isnan(kw))
    count = int(holes[0]) if len(holes) else len(slots)
    if count == 0:
        raise UnavailableError(f"{source}: the forecast does not cover now")
    spread = low_kw is not None and high_kw is not None and not (np.isnan(low_kw[:count]).any() or np.isnan(high_kw[:count]).any())
    return Forecast(
        kind=ForecastKind.SOLAR_AS_GIVEN,
        slots=tuple(slots[:count]),
        kw=tuple(kw[:count].tolist()),
        low_kw=tuple(np.minimum(low_kw, kw)[:count].tolist()) if spread and low_kw is not None else None,
        high_kw=tuple(np.maximum(high_kw, kw)[:count].tolist()) if spread and high_kw is not None else None,
        source=source,
        issued_at=now,
    )
