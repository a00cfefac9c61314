"""Expectation: from the house's own past, and a weather forecast where there is one, to paths and to what they say in one line.

Live and in a backtest it is made by this one function, so a replay decides as the house would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot
from app.forecasting.scenarios import Paths, follow_forecast, paths
from app.forecasting.widen import load_stretch, solar_stretch, widened

type Array = NDArray[np.float64]

LEAST_DAYS = 2
"""With fewer whole days of history there are no paths, only the expected line."""
LOW, HIGH = 0.1, 0.9
HISTORY = "the last weeks, corrected by the last hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Mean powers of the slots up to now in kW, oldest first, without gaps; empty while there is no history."""

    load_kw: Array
    solar_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Paths of load and sun to decide over, and the forecasts that they make together, with their 80 % intervals."""

    paths: Paths
    load: Forecast
    solar: Forecast


def expect(slots: Sequence[Slot], *, now: datetime, past: Past, load: Forecast, solar: Forecast | None, no_sun: Forecast) -> Expectation:
    """Return what to expect of the coming slots.

    `load` stands in while the house has no history. `solar` is a weather forecast from the first slot on, as far as it reaches, or None;
    beyond it the history counts, and without a history `no_sun`.
    """
    per_day = round(24 / slots[0].hours)
    if len(past.load_kw) <= LEAST_DAYS * per_day:
        return _line(load, solar if solar is not None and len(solar.slots) == len(slots) else no_sun)
    sun = past.solar_kw if len(past.solar_kw) == len(past.load_kw) else np.zeros_like(past.load_kw)
    found = paths(load_kw=past.load_kw, solar_kw=sun, per_day=per_day, horizon=len(slots))
    source = HISTORY if len(past.solar_kw) else no_sun.source
    wider = solar_stretch(sun, found.weight, per_day=per_day)
    if solar is not None:
        wider = np.zeros(per_day)  # its spread was learnt from its own errors
        found, source = follow_forecast(found, solar, past_kw=sun, per_day=per_day), solar.source
    return Expectation(
        paths=found,
        load=_told(ForecastKind.LOAD, slots, found, HISTORY, now, wider=load_stretch(past.load_kw, found.weight, per_day=per_day)),
        solar=_told(ForecastKind.SOLAR, slots, found, source, now, wider=wider),
    )


def _line(load: Forecast, solar: Forecast) -> Expectation:
    """Return an expectation of one path."""
    return Expectation(paths=Paths.single(load.kw, solar.kw), load=load, solar=solar)


def _told(kind: ForecastKind, slots: Sequence[Slot], found: Paths, source: str, now: datetime, *, wider: Array) -> Forecast:
    """Return what the paths say of one series: its mean and its 80 % interval, made wider by so many widths at each time of day."""
    series = found.load_kw if kind is ForecastKind.LOAD else found.solar_kw
    kw = found.mean(series)
    low, high = widened(found.quantiles(series, LOW), found.quantiles(series, HIGH), wider[np.arange(len(slots)) % len(wider)])
    lines = {"kw": kw, "low_kw": np.minimum(low, kw), "high_kw": np.maximum(high, kw)}
    return Forecast(
        kind=kind, slots=tuple(slots), source=source, issued_at=now, **{name: tuple(line.tolist()) for name, line in lines.items()}
    )
