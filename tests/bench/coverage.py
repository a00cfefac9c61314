"""Whether told intervals hold: a year gone through in order, each interval as wide as what was told and measured before it asks for."""

from collections import defaultdict
from datetime import timedelta

import numpy as np

from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import Slot
from app.domain.tape import Tape
from app.forecasting.adapt import adapted, factors
from app.forecasting.scenarios import DAYS
from app.forecasting.score import counts_for_coverage
from app.replay.backtest import Replay, Terms
from app.usecases.outlook import LEARN_EVERY, LEARN_FROM
from tests.builders import house

SEEN = timedelta(hours=24)
"""How far ahead intervals are judged."""


def monthly(tape: Tape, *, every: timedelta = LEARN_EVERY) -> dict[ForecastKind, dict[int, float]]:
    """Return by kind and month the share of slots inside their 80 % interval; the month it begins in, of a few days, is left out."""
    replay = Replay(tape=tape, terms=Terms(site=house(), horizon=SEEN))
    step, series = round(every / timedelta(minutes=tape.minutes)), {ForecastKind.LOAD: tape.load_kw, ForecastKind.SOLAR: tape.solar_kw}
    actual = {kind: {tape.slot(n): float(kw) for n, kw in enumerate(line)} for kind, line in series.items()}
    told: dict[ForecastKind, list[Forecast]] = {kind: [] for kind in series}
    inside: dict[ForecastKind, dict[int, list[bool]]] = {kind: defaultdict(list) for kind in series}
    for n in range((DAYS + 1) * tape.per_day, len(tape) - tape.per_day, step):
        _, expected = replay.question(n, 0.0)
        for forecast in (expected.load, expected.solar):
            kind = forecast.kind
            recent = [each for each in told[kind] if each.issued_at >= tape.start(n) - LEARN_FROM]
            known = {slot: kw for each in recent for slot in each.slots if slot.end <= tape.start(n) for kw in [actual[kind][slot]]}
            honest = adapted(forecast, factors(recent, known))
            told[kind] = [*recent, honest]
            inside[kind][tape.start(n).month] += _inside(honest, actual[kind])
    begun = tape.start((DAYS + 1) * tape.per_day).month
    return {kind: {m: float(np.mean(each)) for m, each in months.items() if m != begun} for kind, months in inside.items()}


def _inside(forecast: Forecast, actual_kw: dict[Slot, float]) -> list[bool]:
    if forecast.low_kw is None or forecast.high_kw is None:
        return []
    triples = zip(forecast.slots, forecast.low_kw, forecast.high_kw, strict=True)
    return [low <= actual_kw[slot] <= high for slot, low, high in triples if counts_for_coverage(high, actual_kw[slot])]
