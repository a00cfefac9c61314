"""How wrong forecasts were: error, bias and skill, by source and by how far ahead they looked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot

HORIZONS_H = ((0.0, 6.0), (6.0, 24.0), (24.0, 48.0))
"""What this evening's, tomorrow's and the day after's decisions rest on."""
WEEK = timedelta(days=7)
DARK_KW = 0.05
"""Where neither more was expected nor more was measured, an interval holds without saying anything: the sun at night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The error of one source over one horizon. Powers in kW; positive bias is too much expected."""

    kind: ForecastKind
    source: str
    from_hours: float
    to_hours: float
    count: int
    mae_kw: float
    nmae: float | None
    """Mean error over mean actual power; None where nothing was drawn or made."""
    bias_kw: float
    skill: float | None
    """1 less its error over that of "as in the same slot last week"; None without a last week to compare with."""
    coverage: float | None
    """Share of measured powers inside the told 80 % interval, nights apart; None where none was told."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Expected, actual and last week's power of the same slots; last week's may be NaN."""

    expected: list[float]
    actual: list[float]
    last_week: list[float]
    inside: list[bool]


def counts_for_coverage(high_kw: float, actual_kw: float) -> bool:
    """Tell whether an interval could have missed."""
    return max(high_kw, actual_kw) > DARK_KW


def score(forecasts: Sequence[Forecast], actual_kw: Mapping[Slot, float]) -> list[Score]:
    """Return the score of each kind, source and horizon that has something to compare, in that order.

    Every issued forecast counts, so a slot counts once for each time it was forecast.
    """
    found: dict[tuple[ForecastKind, str, tuple[float, float]], _Pairs] = {}
    for forecast in forecasts:
        for n, (slot, kw) in enumerate(zip(forecast.slots, forecast.kw, strict=True)):
            horizon = _horizon(forecast, slot)
            if horizon is None or slot not in actual_kw:
                continue
            pairs = found.setdefault((forecast.kind, forecast.source, horizon), _Pairs([], [], [], []))
            pairs.expected.append(kw)
            pairs.actual.append(actual_kw[slot])
            pairs.last_week.append(actual_kw.get(Slot(slot.start - WEEK, slot.end - WEEK), np.nan))
            if forecast.low_kw is not None and forecast.high_kw is not None and counts_for_coverage(forecast.high_kw[n], actual_kw[slot]):
                pairs.inside.append(forecast.low_kw[n] <= actual_kw[slot] <= forecast.high_kw[n])
    return [_score(kind, source, horizon, found[kind, source, horizon]) for kind, source, horizon in sorted(found)]


def _horizon(forecast: Forecast, slot: Slot) -> tuple[float, float] | None:
    """Return the horizon a slot lies in; the slot a forecast is issued in is 0 hours ahead."""
    ahead = max(0.0, (slot.start - forecast.issued_at).total_seconds() / 3600)
    return next((each for each in HORIZONS_H if each[0] <= ahead < each[1]), None)


def _score(kind: ForecastKind, source: str, horizon: tuple[float, float], pairs: _Pairs) -> Score:
    expected, actual, last_week = map(np.array, (pairs.expected, pairs.actual, pairs.last_week))
    error = expected - actual
    mae, mean = float(np.abs(error).mean()), float(actual.mean())
    return Score(
        kind=kind,
        source=source,
        from_hours=horizon[0],
        to_hours=horizon[1],
        count=len(expected),
        mae_kw=mae,
        nmae=mae / mean if mean > 0 else None,
        bias_kw=float(error.mean()),
        skill=_skill(error, last_week - actual),
        coverage=float(np.mean(pairs.inside)) if pairs.inside else None,
    )


def _skill(error: NDArray[np.float64], reference: NDArray[np.float64]) -> float | None:
    known = ~np.isnan(reference)
    if not known.any():
        return None
    theirs = float(np.abs(reference[known]).mean())
    return 1 - float(np.abs(error[known]).mean()) / theirs if theirs > 0 else None
