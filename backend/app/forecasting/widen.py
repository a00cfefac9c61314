"""Honest intervals: how much wider than the spread of past days an 80 % interval must be told.

Each past day is left out in turn and foretold by the others, as the coming day is: moved to where that day started. How far it then lies
outside their interval, in widths of it, says how much too narrow the spread of past days is. Decisions weigh the paths themselves; the
interval is what people and records are told.
"""

import numpy as np
from numpy.typing import NDArray

from app.forecasting.scenarios import DAYLIGHT, past_days, persistence

type Array = NDArray[np.float64]

COVERS = 0.8
"""Asked of the past days is a little more, by one part in as many days as count: the coming day is one more than those learnt from."""
LOW, HIGH = 0.1, 0.9
LEAST_WIDTH = 0.02
"""Kilowatts, or clearness: below it a width is no yardstick."""
AGES_H = (0.0, 2.0, 6.0)
"""The next hours, this half day and what follows are learnt apart: corrections by the last hours narrow the first two."""
FEWEST_DAYS = 7
"""Fewer days leave nothing to learn from."""


def load_stretch(past_kw: Array, weight: Array, *, per_day: int) -> Array:
    """Return how many widths to add to the load's interval at each slot of the coming day."""
    rows = past_days(past_kw, per_day=per_day, days=len(weight))
    used = np.ones(rows.shape, dtype=bool)
    return stretch(rows, weight, fades=persistence(rows - rows.mean(axis=0), used), used=used[0], topped=False)


def solar_stretch(past_kw: Array, weight: Array, *, per_day: int) -> Array:
    """Return the same for the sun, learnt in clearness."""
    rows = past_days(past_kw, per_day=per_day, days=len(weight))
    best = rows.max(axis=0)
    day = best > DAYLIGHT * best.max()
    clearness = rows / np.where(day, best, 1.0)
    fades = persistence(clearness - clearness.mean(axis=0), np.broadcast_to(day, rows.shape))
    return stretch(clearness, weight, fades=fades, used=day, topped=True)


def stretch(rows: Array, weight: Array, *, fades: float, used: NDArray[np.bool_], topped: bool) -> Array:
    """Return how many widths to add at each side, 0 or more, so that four days out of five lie inside: one number for each slot of a day.

    `rows` are past days, the slot before first; `fades` is what is left of a difference one slot later; `used` says which slots count;
    `topped` days are never foretold above the highest of the others, as the sun's are not.
    """
    days, slots = rows.shape[0], rows.shape[1] - 1
    counted = used[1:]
    if days < FEWEST_DAYS or not counted.any():
        return np.zeros(slots)
    keeps = fades ** np.arange(1, slots + 1)[counted]
    ahead = rows[:, 1:][:, counted]
    gap = rows[:, None, 0] - rows[None, :, 0]
    foretold = np.maximum(ahead[None, :, :] + keeps * gap[:, :, None], 0.0)
    if topped:
        foretold = np.minimum(foretold, _highest_of_others(ahead)[:, None, :])
    votes = np.where(np.eye(days, dtype=bool), 0.0, weight[None, :])
    low, high = _between(foretold, votes / votes.sum(axis=1, keepdims=True))
    outside = np.maximum(low - ahead, ahead - high) / np.maximum(high - low, LEAST_WIDTH)
    hour = np.flatnonzero(counted) * 24 / slots
    found = np.zeros(slots)
    share = min(1.0, COVERS * (1 + float((weight**2).sum())))
    for first, last in zip(AGES_H, (*AGES_H[1:], 24.0), strict=True):
        mine = (hour >= first) & (hour < last)
        if mine.any():
            here = outside[:, mine]
            place = np.arange(slots) * 24 / slots
            found[(place >= first) & (place < last)] = max(0.0, _quantile(here.ravel(), np.repeat(weight, here.shape[1]), share))
    return found


def widened(low: Array, high: Array, stretched: Array) -> tuple[Array, Array]:
    """Return an interval made wider at each side, never below 0; nothing stays nothing."""
    more = stretched * np.maximum(high - low, 0.0)
    return np.maximum(0.0, low - more), high + more


def _highest_of_others(ahead: Array) -> Array:
    """Return the highest of the other rows for each row."""
    first, second = np.sort(ahead, axis=0)[-1], np.sort(ahead, axis=0)[-2]
    found: Array = np.where(ahead >= first, second, first)
    return found


def _between(foretold: Array, votes: Array) -> tuple[Array, Array]:
    """Return the 10 % and 90 % quantiles over the middle axis."""
    order = np.argsort(foretold, axis=1)
    ranked = np.take_along_axis(foretold, order, axis=1)
    vote = np.take_along_axis(np.broadcast_to(votes[:, :, None], foretold.shape), order, axis=1)
    place = np.cumsum(vote, axis=1) - vote / 2
    return _at(ranked, place, LOW), _at(ranked, place, HIGH)


def _at(ranked: Array, place: Array, share: float) -> Array:
    """Return the values where the places pass a share, straight between neighbours."""
    after = np.clip((place < share).sum(axis=1, keepdims=True), 1, place.shape[1] - 1)
    (x0, x1), (y0, y1) = (tuple(np.take_along_axis(each, after - back, axis=1) for back in (1, 0)) for each in (place, ranked))
    part = np.clip((share - x0) / np.maximum(x1 - x0, 1e-12), 0.0, 1.0)
    found: Array = (y0 + part * (y1 - y0))[:, 0]
    return found


def _quantile(values: Array, vote: Array, share: float) -> float:
    order = np.argsort(values)
    place = np.cumsum(vote[order]) / vote.sum()
    return float(values[order][min(len(values) - 1, int(np.searchsorted(place, share)))])
