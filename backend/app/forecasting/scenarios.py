"""Paths of load and solar power: how the coming hours may go, each like one of the past days went on from this time of day.

A series ends now: its last value is the mean power of the last finished slot. Slot 0 of a path is the slot that has just begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.forecast import Forecast

type Array = NDArray[np.float64]

DAYS = 28
"""Four whole weeks: every weekday four times, and still one season."""
HALF_LIFE_DAYS = 7.0
"""Last week counts twice the week before."""
SAME_WEEKDAY = 1.5
"""The same weekday has half a vote more."""
DAYLIGHT = 0.05
"""Share of the best output below which clearness is a ratio of two small numbers."""
LEVEL_TRUST = 0.5
"""Half of how much higher the house runs now than before a past day is habit, the other half was chance."""
LEVEL_LIMITS = (0.5, 2.0)
"""A day of absence is no yardstick for another."""
LEVEL_BLEND_H = 4.0
"""Until then the last hours say more about the level than the last day does."""
MIDDLE, TO_TENTH = 0.5, 0.4
"""From the middle rank to the 10 % and 90 % quantiles of a forecast's spread."""
MISSED_HALF_LIFE_H = 1.0
"""The clouds a forecast did not see pass within an hour or two; 1 to 3 hours change a year's saving by a thousandth."""
MAX_PERSISTENCE = 0.95
"""Keeps a correction from outliving the day when a short history looks like a random walk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Futures of equal length in kW, one row per past day, and how much each row counts (the weights sum to 1)."""

    load_kw: Array
    solar_kw: Array
    weight: Array

    @classmethod
    def single(cls, load_kw: Sequence[float], solar_kw: Sequence[float]) -> "Paths":
        """Return the one path of an expected line."""
        return cls(load_kw=np.array([load_kw]), solar_kw=np.array([solar_kw]), weight=np.ones(1))

    def mean(self, series: Array) -> Array:
        """Return the expected value of each slot."""
        return self.weight @ series

    def quantiles(self, series: Array, share: float) -> Array:
        """Return the weighted quantile of each slot."""
        order = np.argsort(series, axis=0)
        ranked = np.take_along_axis(series, order, axis=0)
        below = np.cumsum(self.weight[order], axis=0) - self.weight[order] / 2
        return np.array([np.interp(share, below[:, t], ranked[:, t]) for t in range(series.shape[1])])


def paths(*, load_kw: Array, solar_kw: Array, per_day: int, horizon: int) -> Paths:
    """Return load and solar of the same past days together, so that what goes together stays together.

    `load_kw` and `solar_kw` are histories that end now, without gaps, of at least two days.
    """
    days = min(DAYS, (min(len(load_kw), len(solar_kw)) - 1) // per_day)
    return Paths(
        load_kw=load_paths(load_kw, per_day=per_day, horizon=horizon, days=days),
        solar_kw=solar_paths(solar_kw, per_day=per_day, horizon=horizon, days=days),
        weight=day_weights(days),
    )


def day_weights(days: int) -> Array:
    """Return how much each past day counts, yesterday first."""
    ago = np.arange(1, days + 1)
    weight = 0.5 ** ((ago - 1) / HALF_LIFE_DAYS) * np.where(ago % 7 == 0, SAME_WEEKDAY, 1.0)
    return np.asarray(weight / weight.sum())


def load_paths(past_kw: Array, *, per_day: int, horizon: int, days: int) -> Array:
    """Return each past day as it went on from this time of day, moved to start where the house is now.

    path_k(h) = level_k · (x_k(h) + φ^(h+1) · (x_now - x_k(-1))), never below 0; φ, how long a difference lasts, is learnt from the same
    days; the level sets in over some hours.
    """
    rows = past_days(past_kw, per_day=per_day, days=days)
    fades = persistence(rows - rows.mean(axis=0), np.ones(rows.shape, dtype=bool))
    ahead = np.arange(horizon)
    gap = past_kw[-1] - rows[:, :1]
    path = np.maximum(rows[:, 1:][:, ahead % per_day] + fades ** (ahead + 1) * gap, 0.0)
    blend = np.minimum(1.0, (ahead + 1) * 24 / per_day / LEVEL_BLEND_H)
    return np.asarray(path * levels(past_kw, per_day=per_day, days=days)[:, None] ** blend)


def levels(past_kw: Array, *, per_day: int, days: int) -> Array:
    """Return how much higher the house runs now than before each past day, from the 24 hours before each."""
    total = np.concatenate([[0.0], np.cumsum(past_kw)])
    end = len(past_kw) - per_day * np.arange(days + 1)
    mean = (total[end] - total[np.maximum(end - per_day, 0)]) / per_day
    whole = end >= per_day
    mean = np.where(whole, mean, mean[whole].mean())
    floor = 0.1 * mean.mean() + 1e-9
    return np.asarray(np.clip(mean[0] / np.maximum(mean[1:], floor), *LEVEL_LIMITS) ** LEVEL_TRUST)


def solar_paths(past_kw: Array, *, per_day: int, horizon: int, days: int) -> Array:
    """Return the same for the sun, in clearness: output over the best output seen at that time of day, within 0..1."""
    rows = past_days(past_kw, per_day=per_day, days=days)
    best = rows.max(axis=0)
    day = best > DAYLIGHT * best.max()
    scale = np.where(day, best, 1.0)
    clearness = rows / scale
    fades = persistence(clearness - clearness.mean(axis=0), np.broadcast_to(day, rows.shape))
    ahead = np.arange(horizon)
    column = 1 + ahead % per_day
    gap = past_kw[-1] / scale[0] - clearness[:, :1] if day[0] else np.zeros((days, 1))
    coming = np.clip(clearness[:, column] + fades ** (ahead + 1) * gap, 0.0, 1.0)
    found: Array = np.where(day[column], coming * best[column], 0.0)
    return found


def past_days(series: Array, *, per_day: int, days: int) -> Array:
    """Return the last days, yesterday first: the slot before this time of day, then one whole day from it on."""
    start = len(series) - per_day * np.arange(1, days + 1)[:, None]
    rows: Array = series[np.minimum(start + np.arange(-1, per_day), len(series) - 1)]
    return rows


def persistence(error: Array, used: NDArray[np.bool_]) -> float:
    """Return how much of an error is left one slot later, 0..MAX_PERSISTENCE: the lag-one correlation along rows."""
    kept = np.where(used, error, 0.0)
    left, right, both = kept[:, :-1], kept[:, 1:], used[:, :-1] & used[:, 1:]
    power = float(((left**2 + right**2) * both).sum()) / 2
    return float(np.clip((left * right * both).sum() / power, 0.0, MAX_PERSISTENCE)) if power > 0 else 0.0


def follow_forecast(found: Paths, expected: Forecast, *, past_kw: Array, per_day: int) -> Paths:
    """Return the paths with solar power from a weather forecast, as far as it reaches.

    Each path keeps its rank among the others, slot by slot: a day that was among the clearest stays so, as clear as the forecast's
    spread allows, and what goes together stays together. How clear the sky just was corrects the next hours and narrows their spread.
    `past_kw` is the output up to now.
    """
    reach = min(len(expected.kw), found.solar_kw.shape[1])
    mean, low, high = _corrected(expected, reach, past_kw=past_kw, per_day=per_day)
    rank = _ranks(found.solar_kw[:, :reach], found.weight)
    below, above = (mean - low) * (MIDDLE - rank) / TO_TENTH, (high - mean) * (rank - MIDDLE) / TO_TENTH
    solar = np.maximum(np.where(rank < MIDDLE, mean - below, mean + above), 0.0)
    level = found.weight @ solar
    solar *= np.divide(mean, level, out=np.ones_like(mean), where=level > 0)
    return Paths(load_kw=found.load_kw, solar_kw=np.concatenate([solar, found.solar_kw[:, reach:]], axis=1), weight=found.weight)


def _corrected(expected: Forecast, reach: int, *, past_kw: Array, per_day: int) -> tuple[Array, Array, Array]:
    """Return a forecast's mean, low and high power, moved by how much clearer than foretold the sky just was.

    The last slot is held against the forecast of this one, in clearness; the difference fades by half in `MISSED_HALF_LIFE_H`, and what
    it explains no longer spreads. By night and at dawn nothing is corrected.
    """
    mean = np.array(expected.kw[:reach])
    low = mean if expected.low_kw is None else np.array(expected.low_kw[:reach])
    high = mean if expected.high_kw is None else np.array(expected.high_kw[:reach])
    days = min(DAYS, (len(past_kw) - 1) // per_day)
    best = past_days(past_kw, per_day=per_day, days=days).max(axis=0)
    day = best > DAYLIGHT * best.max()
    if not (day[0] and day[1]):
        return mean, low, high
    ahead = np.arange(reach)
    column = 1 + ahead % per_day
    top = np.maximum(best[column], high)
    lasts = 0.5 ** ((ahead + 1) * 24 / per_day / MISSED_HALF_LIFE_H)
    gap = past_kw[-1] / best[0] - mean[0] / best[1]
    moved = np.clip(mean + gap * lasts * np.where(day[column], best[column], 0.0), 0.0, top)
    open_share = np.sqrt(1 - lasts**2)
    return moved, np.clip(moved - open_share * (mean - low), 0.0, moved), np.clip(moved + open_share * (high - mean), moved, top)


def _ranks(series: Array, weight: Array) -> Array:
    """Return where each path stands among all in each slot: 0 for the lowest, 1 for the highest."""
    order = np.argsort(series, axis=0, kind="stable")
    votes = weight[order]
    rank = np.empty_like(series)
    np.put_along_axis(rank, order, np.cumsum(votes, axis=0) - votes / 2, axis=0)
    return rank
