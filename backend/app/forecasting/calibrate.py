"""Calibration: what this roof really gave when a service forecast what it forecasts now.

Every past slot is a lesson: where the sun stood, how clear the service expected it, how clear the roof's output was. The lessons
near a slot to come (sun, clearness, recency) give its mean and its 80 % interval, so shade by hour, clipping, a wrong tilt and the
service's own habits need no model each. What few lessons cannot tell is filled up with the service's word and an ordinary error.
Clearness is power over what a clear sky would give; instants are seconds since the epoch.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.roof import Roof
from app.forecasting.pv_model import clear_kw
from app.forecasting.sun import DAY_S, Numbers, sun

WINDOW_DAYS = 60
"""Lessons reach back two months: enough of each kind of sky, and the sun still takes a similar path."""
HALF_LIFE_DAYS = 30.0
"""Dirt and leaves come and go within a season."""
NEAR_AZIMUTH, NEAR_ELEVATION = np.radians(10.0), np.radians(6.0)
"""Under an hour of the sun's way: shadows of chimneys and trees are about as wide."""
NEAR_CLEARNESS = 0.08
"""Half of an ordinary error: wider, and lessons of other skies widen the spread."""
DOUBT = 6.0
"""The service's own word weighs as much as this many lessons right at the spot: two days of three forecasts each."""
DOUBT_DAYS = 5.0
"""The overall level of the service is believed like this many days of lessons."""
LEVEL_RANGE = (0.4, 1.6)
"""A roof that gives less or more of what was forecast is set up wrongly; that is for people to mend."""
MOST = 1.3
"""More than this share of the roof's peak is a meter's error: cold, snow-bright noons reach 1.2."""
DIM_SHARE = 0.03
"""Below this share of the peak, clear sky or not, clearness has no meaning: dawn and dusk are counted against it."""
TOP_CLEARNESS, CLEARNESS_STEP = 3.0, 0.01
"""Clearness passes 1 at dawn and dusk, where thin cloud in front of a hidden sun gives more than the model's clear sky."""
LEAST_ERROR, CLOUD_ERROR = 0.18, 0.7
"""Mean error of a day-ahead clearness that no lesson has corrected: least under a clear or closed sky, twice that in between. Over a year's
daylight and all skies it makes 13 % of capacity, which Open Quartz publishes for single homes it has not learnt from."""
TENTH = 1.6
"""An error's 10 % quantile in mean errors: 1.28 sigma, and a sigma is 1.25 mean errors."""
TAIL = 0.6
"""How far an error goes past its 10 % quantile, in quantiles."""
COVERED_DAYS, COVERED_SLOTS, COVERED_SHARE, BRIGHT_SHARE = 2.0, 6, 0.5, 0.1
"""Snow or a tripped string: for two days even the best of at least six slots, forecast above a tenth of the peak, gave under half."""
CLIP_SHARE, CLIP_OVER, CLIP_SLOTS, CLIP_DAYS = 0.98, 1.08, 6, 3
"""A ceiling: the highest 2 % are reached in six slots of three days, in most of which a lot more was forecast."""

GRID = np.arange(0.0, TOP_CLEARNESS + CLEARNESS_STEP / 2, CLEARNESS_STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What was forecast and what then was measured, for one slot each; a slot may be in it once per forecast."""

    at_s: Numbers
    """The slots' middles."""
    forecast_kw: Numbers
    measured_kw: Numbers
    """NaN where nothing was measured, or where the array was held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The mean and the 80 % interval of some slots in kW."""

    kw: Numbers
    low_kw: Numbers
    high_kw: Numbers


@dataclass(frozen=True, slots=True)
class _Skies:
    """Slots as the lessons compare them."""

    azimuth: Numbers
    elevation: Numbers
    clearness: Numbers
    yardstick_kw: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the lessons say."""

    roof: Roof
    days: int = 0
    """How many days they come from."""
    level: float = 1.0
    """Measured over forecast, all in all."""
    cover: float = 1.0
    """What is left of the roof's power under snow; 1 without."""
    clip_kw: float | None = None
    """What it never exceeds."""
    skies: _Skies = field(default_factory=lambda: _Skies(*[np.zeros(0)] * 4))
    measured: Numbers = field(default_factory=lambda: np.zeros(0))
    """The lessons' clearness as it then was, in ascending order."""
    weight: Numbers = field(default_factory=lambda: np.zeros(0))

    def expect(self, at_s: Numbers, kw: Numbers, low_kw: Numbers | None = None, high_kw: Numbers | None = None) -> Expected:
        """Return what to expect when a service says this, with or without a spread of its own."""
        skies = _skies(self.roof, at_s, kw)
        usual = CLOUD_ERROR * np.maximum(skies.clearness * (1 - skies.clearness), 0) + LEAST_ERROR
        below = TENTH * usual if low_kw is None else (kw - low_kw) / skies.yardstick_kw
        above = TENTH * usual if high_kw is None else (high_kw - kw) / skies.yardstick_kw
        mean, low, high = np.zeros((3, len(kw)))
        lit = np.flatnonzero((skies.elevation > 0) | (kw > 0))
        nearness, middle = self._nearness(skies, lit), self.level * skies.clearness[lit]
        total = DOUBT + nearness.sum(axis=0)
        mean[lit] = (DOUBT * middle + self.measured @ nearness) / total
        for n, chance in zip(lit.tolist(), self._chances(nearness).T, strict=True):
            usual = _usual(self.level * skies.clearness[n], below[n], above[n])
            low[n], high[n] = np.interp([0.1, 0.9], (DOUBT * usual + chance) / (DOUBT + chance[-1]), GRID)
        top = self.roof.inverter_kw if self.clip_kw is None else self.clip_kw
        found = (each * skies.yardstick_kw for each in (mean * self.cover, low * self.cover, high))
        mean, low, high = (np.minimum(each, np.inf if top is None else top) for each in found)
        return Expected(kw=mean, low_kw=np.minimum(low, mean), high_kw=np.maximum(high, mean))

    def _chances(self, nearness: Numbers) -> Numbers:
        """Return the weight of lessons at or below each clearness of the grid, a column for each slot."""
        found = np.zeros((len(GRID), nearness.shape[1]))
        if len(nearness):
            cells, first = np.unique(np.rint(self.measured / CLEARNESS_STEP).astype(np.int64), return_index=True)
            found[cells] = np.add.reduceat(nearness, first, axis=0)
        return found.cumsum(axis=0)

    def _nearness(self, skies: _Skies, lit: NDArray[np.int64]) -> Numbers:
        """Return how alike each lesson, a row, is to each slot, a column: its weight for the same sky."""
        azimuth, height, clearness = skies.azimuth[lit], skies.elevation[lit], skies.clearness[lit]
        turn = 1 - np.cos(self.skies.azimuth[:, None] - azimuth)  # half the squared angle, and nothing at the zenith
        apart = 2 * turn * (np.cos(height) / NEAR_AZIMUTH) ** 2
        apart += ((self.skies.elevation[:, None] - height) / NEAR_ELEVATION) ** 2
        apart += ((self.skies.clearness[:, None] - clearness) / NEAR_CLEARNESS) ** 2
        near: Numbers = self.weight[:, None] * np.exp(-0.5 * apart)
        return near


def learn(roof: Roof, lessons: Lessons, *, now_s: float) -> Calibration:
    """Return the calibration that the lessons of the last two months make; without any, the service's word with an ordinary spread."""
    kept = _by_clearness(roof, _believable(roof, lessons, now_s))
    if not len(kept.at_s):
        return Calibration(roof=roof)
    skies = _skies(roof, kept.at_s, kept.forecast_kw)
    weight = 0.5 ** ((now_s - kept.at_s) / DAY_S / HALF_LIFE_DAYS)
    days = np.unique(kept.at_s // DAY_S)
    measured = np.clip(kept.measured_kw / skies.yardstick_kw, 0, TOP_CLEARNESS)
    level = _level(kept, weight, len(days))
    learnt = Calibration(roof=roof, days=len(days), level=level, clip_kw=_clip(kept, level), skies=skies, measured=measured, weight=weight)
    return replace(learnt, cover=_cover(learnt, kept, now_s))


def _skies(roof: Roof, at_s: Numbers, kw: Numbers) -> _Skies:
    position = sun(at_s, latitude=roof.latitude, longitude=roof.longitude)
    yardstick = np.maximum(clear_kw(roof, at_s), DIM_SHARE * roof.peak_kw)
    return _Skies(position.azimuth, position.elevation, np.clip(kw / yardstick, 0, TOP_CLEARNESS), yardstick)


def _believable(roof: Roof, lessons: Lessons, now_s: float) -> Lessons:
    """Return the lessons of the window, by day, with a measurement that a roof like this can have given."""
    measured, at_s = lessons.measured_kw, lessons.at_s
    elevation = sun(at_s, latitude=roof.latitude, longitude=roof.longitude).elevation
    possible = (measured >= -DIM_SHARE * roof.peak_kw) & (measured <= MOST * roof.peak_kw)  # NaN is neither
    kept = possible & (elevation > 0) & (at_s < now_s) & (at_s >= now_s - WINDOW_DAYS * DAY_S)
    return Lessons(at_s=at_s[kept], forecast_kw=lessons.forecast_kw[kept], measured_kw=np.maximum(measured[kept], 0))


def _by_clearness(roof: Roof, lessons: Lessons) -> Lessons:
    """Return the lessons in the order of how clear the output was."""
    order = np.argsort(lessons.measured_kw / _skies(roof, lessons.at_s, lessons.forecast_kw).yardstick_kw, kind="stable")
    return Lessons(at_s=lessons.at_s[order], forecast_kw=lessons.forecast_kw[order], measured_kw=lessons.measured_kw[order])


def _level(lessons: Lessons, weight: Numbers, days: int) -> float:
    """Return measured over forecast energy, held near 1 while there are few days."""
    forecast, measured = float(weight @ lessons.forecast_kw), float(weight @ lessons.measured_kw)
    held = DOUBT_DAYS * forecast / days
    return float(np.clip((measured + held) / (forecast + held), *LEVEL_RANGE)) if forecast > 0 else 1.0


def _usual(middle: float, below: float, above: float) -> Numbers:
    """Return the chance that an ordinary service's slot stays below each clearness of the grid."""
    points = [middle - (1 + TAIL) * below, middle - below, middle, middle + above, middle + (1 + TAIL) * above]
    points = np.maximum.accumulate(np.maximum(points, 0) + 1e-9 * np.arange(5)).tolist()
    chance: Numbers = np.interp(GRID, points, [0.0, 0.1, 0.5, 0.9, 1.0])
    return chance


def _cover(learnt: Calibration, lessons: Lessons, now_s: float) -> float:
    """Return what is left of the expected power when for days not even the best slot gave half of it; else 1."""
    recent = lessons.at_s >= now_s - COVERED_DAYS * DAY_S
    at_s, measured = lessons.at_s[recent], lessons.measured_kw[recent]
    bright = lessons.forecast_kw[recent] * learnt.level >= BRIGHT_SHARE * learnt.roof.peak_kw
    if len(np.unique(at_s[bright])) < COVERED_SLOTS:
        return 1.0
    shares = measured[bright] / (lessons.forecast_kw[recent][bright] * learnt.level)
    return float(shares.mean()) if shares.max() < COVERED_SHARE else 1.0


def _clip(lessons: Lessons, level: float) -> float | None:
    """Return the ceiling that the output runs into, None where it has none."""
    top = float(lessons.measured_kw.max())
    high = lessons.measured_kw >= CLIP_SHARE * top
    slots = np.unique(lessons.at_s[high])
    pushed = float(np.mean(level * lessons.forecast_kw[high] > CLIP_OVER * top)) if top > 0 else 0.0
    is_ceiling = len(slots) >= CLIP_SLOTS and len(np.unique(slots // DAY_S)) >= CLIP_DAYS and pushed > COVERED_SHARE
    return top if is_ceiling else None
