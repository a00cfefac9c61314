"""Intervals that keep their promise: told wider after misses, narrower after hits, so that four in five hold in every season.

Adaptive conformal inference (Gibbs and Candès 2021): an interval's half-widths are multiplied by a factor whose logarithm grows with each
miss above one in five and shrinks with each below, learnt from nothing but forecasts already told and what then was measured. Whatever
the spread of past days gets wrong, a change of habits or a season it has not seen, is made good within weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.domain.forecast import Forecast
from app.domain.slot import Slot
from app.forecasting.score import counts_for_coverage
from app.forecasting.widen import AGES_H, COVERS

type Array = NDArray[np.float64]

RATE = 0.2
"""A forecast all of whose slots miss widens the next by a sixth; a half or a quarter of the rate hold the promise nearly as well."""
LIMITS = (0.25, 4.0)
"""Beyond it something else is wrong, which an interval should not hide."""


def factors(told: Sequence[Forecast], actual_kw: Mapping[Slot, float]) -> Array:
    """Return by how much to multiply the half-widths of the next hours, of this half day and of what follows.

    `told` are the forecasts of the last weeks as told, some hours apart. What nobody measured teaches nothing.
    """
    moved = np.zeros(len(AGES_H))
    for forecast in told:
        misses, slots = _misses(forecast, actual_kw)
        moved += RATE * np.where(slots > 0, misses / np.maximum(slots, 1) - (1 - COVERS), 0.0)
    found: Array = np.clip(np.exp(moved), *LIMITS)
    return found


def adapted(forecast: Forecast, factor: Array) -> Forecast:
    """Return a forecast with its interval's half-widths multiplied, never below 0."""
    if forecast.low_kw is None or forecast.high_kw is None:
        return forecast
    kw, low, high = (np.array(each) for each in (forecast.kw, forecast.low_kw, forecast.high_kw))
    by = factor[[_age(forecast, slot) for slot in forecast.slots]]
    wider = np.clip(kw - by * (kw - low), 0.0, np.maximum(kw, 0.0)), kw + by * (high - kw)
    return replace(forecast, low_kw=tuple(np.minimum(wider[0], kw).tolist()), high_kw=tuple(wider[1].tolist()))


def _misses(forecast: Forecast, actual_kw: Mapping[Slot, float]) -> tuple[Array, Array]:
    """Return by age how many measured slots lay outside the interval, and how many could have."""
    misses, slots = np.zeros(len(AGES_H)), np.zeros(len(AGES_H))
    if forecast.low_kw is not None and forecast.high_kw is not None:
        for slot, low, high in zip(forecast.slots, forecast.low_kw, forecast.high_kw, strict=True):
            actual = actual_kw.get(slot)
            if actual is not None and counts_for_coverage(high, actual):
                age = _age(forecast, slot)
                slots[age] += 1
                misses[age] += not low <= actual <= high
    return misses, slots


def _age(forecast: Forecast, slot: Slot) -> int:
    """Return which of the ages a slot has when the forecast is issued."""
    hours = (slot.start - forecast.issued_at).total_seconds() / 3600
    return max(0, int(np.searchsorted(AGES_H, hours, side="right")) - 1)
