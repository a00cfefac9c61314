"""A made-up solar forecast about as wrong as a published weather model's, to ask what a forecast would be worth. No service's words.

Its error model, in clearness (output over the best of a month around that day at that time of day):
foretold = truth as a mean over three hours + one normal error for the whole day + a wobble that is forgotten like 0.93 per half-hour,
within 0..1. It is issued once and never revised. What the truth's smoothing leaves out and the two errors together make its error; the
caller states the sigmas and checks the mean error against published ones. It then is calibrated as a house would: on its own last weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot
from app.domain.tape import Tape
from app.forecasting.scenarios import DAYLIGHT, DAYS, past_days

type Array = NDArray[np.float64]

AROUND_DAYS = 14
SMOOTH_H = 3.0
"""No weather model places single clouds."""
WOBBLE_MEMORY = 0.93
"""Per half-hour: half of it is forgotten in five hours."""
LEAST_KW = 0.02
BINS = 5
"""Spreads are learnt apart for dull, mixed and clear skies."""
STEEPEST = 1.5
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorModel:
    """How wrong the forecast is, in clearness."""

    day_sigma: float = 0.1
    wobble_sigma: float = 0.1
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Mean absolute errors in kW, all hours and while the array gives anything, and of a day's energy as a share of the mean day's."""

    all_hours_kw: float
    daylight_kw: float
    day_energy: float


def foretell(tape: Tape, model: ErrorModel) -> Array:
    """Return what the service says of each slot of a tape, in kW."""
    per_day = tape.per_day
    days = -(-len(tape) // per_day)
    whole = np.concatenate([tape.solar_kw, np.zeros(days * per_day - len(tape))])
    rows = whole.reshape(days, per_day)
    best = np.stack([rows[max(0, k - AROUND_DAYS) : k + AROUND_DAYS + 1].max(axis=0) for k in range(days)]).ravel()
    lit = best > LEAST_KW
    clearness = np.where(lit, whole / np.maximum(best, LEAST_KW), 0.0)
    width = round(SMOOTH_H * per_day / 24) | 1
    near, seen = (np.convolve(each, np.ones(width), "same") for each in (clearness * lit, lit.astype(np.float64)))
    smooth = near / np.maximum(seen, 1.0)
    error = _wobble(model, len(whole), WOBBLE_MEMORY ** (48 / per_day)) + np.repeat(_draws(model, 2, days) * model.day_sigma, per_day)
    found: Array = (np.clip(smooth + error, 0.0, 1.0) * best)[: len(tape)]
    return found


def errors(tape: Tape, foretold_kw: Array, first: int) -> Errors:
    """Return how wrong a forecast was from slot `first` on."""
    off, true = (foretold_kw - tape.solar_kw)[first:], tape.solar_kw[first:]
    whole = len(off) // tape.per_day * tape.per_day
    days, energy = (each[:whole].reshape(-1, tape.per_day).sum(axis=1) for each in (off, true))
    day = true > LEAST_KW
    return Errors(
        all_hours_kw=float(np.abs(off).mean()),
        daylight_kw=float(np.abs(off[day]).mean()) if day.any() else 0.0,
        day_energy=float(np.abs(days).mean() / max(energy.mean(), 1e-9)) if len(days) else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Weatherlike:
    """Gives, when a slot begins, the calibrated forecast of the coming ones with an 80 % interval."""

    tape: Tape
    model: ErrorModel
    foretold_kw: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "foretold_kw", foretell(self.tape, self.model))

    def at(self, n: int, slots: Sequence[Slot]) -> Forecast:
        """Return the forecast of some slots from n on, learnt from the slots before n only."""
        kw, low, high = self._calibrated(n, len(slots))
        lines = {"kw": kw, "low_kw": np.minimum(low, kw), "high_kw": np.maximum(high, kw)}
        return Forecast(
            kind=ForecastKind.SOLAR,
            slots=tuple(slots),
            source=f"a made-up forecast, day sigma {self.model.day_sigma}, wobble sigma {self.model.wobble_sigma}",
            issued_at=self.tape.start(n),
            **{name: tuple(line.tolist()) for name, line in lines.items()},
        )

    def _calibrated(self, n: int, count: int) -> tuple[Array, Array, Array]:
        """Return mean, low and high power: a line through the last weeks of foretold and measured clearness, and what lay beside it."""
        per_day, coming = self.tape.per_day, self.foretold_kw[n : n + count]
        days = min(DAYS, (n - 1) // per_day)
        if days < 1:
            return coming, coming, coming
        measured, foretold = (past_days(each[:n], per_day=per_day, days=days) for each in (self.tape.solar_kw, self.foretold_kw))
        best = np.maximum(measured.max(axis=0), foretold.max(axis=0))
        day = best > DAYLIGHT * best.max()
        if not day.any():
            return coming, coming, coming
        was, said = measured[:, day] / best[day], foretold[:, day] / best[day]
        offset, slope = _line(said, was)
        column = 1 + np.arange(count) % per_day
        top = np.where(day[column], best[column], 0.0)
        clear = np.clip(offset + slope * coming / np.where(day[column], best[column], 1.0), 0.0, 1.0)
        low, high = _spread(offset + slope * said, was, clear)
        return clear * top, np.clip(clear + low, 0.0, 1.0) * top, np.clip(clear + high, 0.0, 1.0) * top


def _line(said: Array, was: Array) -> tuple[float, float]:
    """Return offset and slope of what was on what was said: how far the service deserves trust."""
    spread = float(((said - said.mean()) ** 2).sum())
    if spread <= 0:
        return float(was.mean()), 0.0
    slope = float(np.clip(((said - said.mean()) * (was - was.mean())).sum() / spread, 0.0, STEEPEST))
    return float(was.mean() - slope * said.mean()), slope


def _spread(expected: Array, was: Array, clear: Array) -> tuple[Array, Array]:
    """Return the 10 % and 90 % quantiles of the error at some clearness, from the fifth of the lessons that is most like it."""
    edges = np.quantile(expected, np.arange(1, BINS) / BINS)
    of, error = np.digitize(expected, edges), was - expected
    bins = [error[of == k] if (of == k).any() else error.ravel() for k in range(BINS)]
    quantiles = np.array([np.quantile(each, [LOW, HIGH]) for each in bins])
    found: Array = quantiles[np.digitize(clear, edges)].T
    return found[0], found[1]


def _draws(model: ErrorModel, stream: int, count: int) -> Array:
    return np.random.default_rng([model.seed, stream]).standard_normal(count)


def _wobble(model: ErrorModel, count: int, memory: float) -> Array:
    """Return a wobble of constant size that is forgotten step by step."""
    draws = _draws(model, 1, count)
    level = np.empty(count)
    value = draws[0]
    for n in range(count):
        value = memory * value + np.sqrt(1 - memory**2) * draws[n]
        level[n] = value
    return model.wobble_sigma * level
