"""From irregular readings to the mean power of each slot."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.domain.reading import Quality, Reading

LONGEST_HOLD_S = 900.0
"""A reading stands for the time until the next one, at most this long: a sensor that is silent for longer is a gap."""
LEAST_COVERAGE = 0.5
"""A slot needs readings for half of its time; a mean of less would be a guess."""


def slot_means(readings: Sequence[Reading], *, first: datetime, minutes: int, count: int) -> NDArray[np.float64]:
    """Return the time-weighted mean of each of `count` slots from `first` on; NaN where readings cover too little of a slot."""
    good = [reading for reading in readings if reading.quality is Quality.GOOD]
    means = np.full(count, np.nan)
    if not good:
        return means
    edges = first.timestamp() + 60.0 * minutes * np.arange(count + 1, dtype=np.float64)
    starts = np.array([reading.at.timestamp() for reading in good])
    values = np.array([reading.value for reading in good], dtype=np.float64)
    ends = np.minimum(starts + LONGEST_HOLD_S, np.append(starts[1:], starts[-1] + LONGEST_HOLD_S))
    energy, covered = (_integrate(edges, starts, ends, weight) for weight in (values, np.ones_like(values)))
    enough = covered >= LEAST_COVERAGE * 60.0 * minutes
    means[enough] = energy[enough] / covered[enough]
    return means


type Numbers = NDArray[np.float64]


def _integrate(edges: Numbers, starts: Numbers, ends: Numbers, weight: Numbers) -> Numbers:
    """Return the integral of a step function, `weight` over each [start, end), between consecutive edges."""
    at = np.concatenate([starts, ends])
    order = np.argsort(at, kind="stable")
    slope = np.concatenate([weight, -weight])[order].cumsum()
    times = at[order]
    area = np.concatenate([[0.0], (slope[:-1] * np.diff(times)).cumsum()])
    return np.diff(np.interp(edges, times, area))
