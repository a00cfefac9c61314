"""A synthetic solar forecast about as wrong as a published weather model's. Its errors are stated and seeded, no real service's.

What it knows: the clear-sky power of the roof as configured, and the true clearness as a mean over three hours (no model places
single clouds). What it gets wrong, both as normal noise on the logit of clearness, so that clear and closed skies err less than mixed ones:
a day's level (sigma 0.7, one draw per issue and local day, correlated 0.7 with the issue six hours earlier) and an hourly wobble (AR(1)
over hours, 0.8, sigma 0.6), both growing by 1 % per hour of lead. On top, a constant bias of the whole service.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Numbers = NDArray[np.float64]

DAY_SIGMA, DAY_MEMORY = 0.7, 0.7
HOUR_SIGMA, HOUR_MEMORY = 0.6, 0.8
PER_LEAD_HOUR = 0.01
TOP = 1.05
"""Clearness of the cleanest sky."""


@dataclass(slots=True)
class Weatherlike:
    """Issues forecasts of `pv_kw` (half-hours from slot 0 on) one after the other, every six hours."""

    pv_kw: Numbers
    clear_kw: Numbers
    """What the roof really gives under a clear sky."""
    thought_kw: Numbers
    """The same as whoever configured the service described the roof."""
    bias: float = 1.0
    seed: int = 1

    def issue(self, first: int, count: int = 96) -> Numbers:
        """Return the forecast of `count` half-hours from `first` on, the same whenever it is asked for."""
        smooth = np.convolve(self._padded(self.pv_kw, first, count), np.ones(6), "valid")
        clear = np.convolve(self._padded(self.clear_kw, first, count), np.ones(6), "valid")
        truth = np.clip(smooth / np.maximum(clear, 1e-6), 0.02, TOP - 0.02) / TOP
        slot = np.arange(first, first + count)
        noise = self._day_noise(first, slot) + self._hour_noise(first, count)
        logit = np.log(truth / (1 - truth)) + noise * (1 + PER_LEAD_HOUR * (slot - first) / 2)
        there = self.thought_kw[np.minimum(slot, len(self.thought_kw) - 1)]
        return self.bias * TOP / (1 + np.exp(-logit)) * there

    def _padded(self, series: Numbers, first: int, count: int) -> Numbers:
        at = np.clip(np.arange(first - 3, first + count + 2), 0, len(series) - 1)
        return series[at]

    def _day_noise(self, first: int, slot: Numbers | NDArray[np.int64]) -> Numbers:
        issue = first // 12
        days = slot // 48
        level = np.zeros(len(slot))
        for day in np.unique(days):
            draws = [np.random.default_rng([self.seed, int(day), n]).standard_normal() for n in range(max(0, issue - 11), issue + 1)]
            drawn = draws[0]
            for draw in draws[1:]:
                drawn = DAY_MEMORY * drawn + np.sqrt(1 - DAY_MEMORY**2) * draw
            level[days == day] = drawn
        return DAY_SIGMA * level

    def _hour_noise(self, first: int, count: int) -> Numbers:
        draws = np.random.default_rng([self.seed, 7, first]).standard_normal(count // 2 + 1)
        level = np.zeros(count // 2 + 1)
        for n in range(len(level)):
            level[n] = draws[n] if n == 0 else HOUR_MEMORY * level[n - 1] + np.sqrt(1 - HOUR_MEMORY**2) * draws[n]
        return HOUR_SIGMA * np.repeat(level, 2)[:count]
