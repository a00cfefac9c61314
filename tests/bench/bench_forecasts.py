"""How good the forecasts are beside strong simple ones: `python -m tests.bench.bench_forecasts`; `--coverage` for the intervals only.

On the benchmark's home and prices, every forecast made with what was known then, a day ahead. Where scikit-learn is installed, which the
product does not need, its boosted trees stand in the table too: trained every four weeks on everything before.
"""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from app.domain.site import LONDON
from app.domain.tape import Array, Tape
from app.forecasting.expect import Past, expect
from app.forecasting.profile import no_sun, standard_load
from app.forecasting.scenarios import DAYS
from app.pricing.estimate import LOOK_BACK_DAYS, estimates
from app.replay.tapes import read_tape
from tests.bench.bench_savings import DATA
from tests.bench.coverage import monthly

DAY = 48
EVERY = 26
"""Thirteen hours apart: every time of day has its turn."""
FIRST = 60 * DAY
"""Trees want some weeks to learn from."""
RETRAINED = 28 * DAY
LEAST_KW = 0.02
out = Console(width=120)

type Forecaster = Callable[[int], Array]


def load_forecasters(tape: Tape) -> dict[str, Forecaster]:
    """Return who forecasts the load's coming day from slot n on."""
    x = tape.load_kw
    simple: dict[str, Forecaster] = {
        "as yesterday": lambda n: x[n - DAY : n],
        "as in the same slot last week": lambda n: x[n - 7 * DAY : n - 6 * DAY],
        "mean of the last 7 days": lambda n: x[n - 7 * DAY : n].reshape(7, DAY).mean(axis=0),
        "mean of 4 same weekdays": lambda n: np.mean([x[n - 7 * k * DAY : n - 7 * k * DAY + DAY] for k in range(1, 5)], axis=0),
    }
    return simple | _trees(x, tape) | {"this system": lambda n: _ours(tape, n)[0]}


def sun_forecasters(tape: Tape) -> dict[str, Forecaster]:
    """Return who forecasts the sun's coming day from slot n on, from nothing but output."""
    x = tape.solar_kw

    def clearness_of_yesterday(n: int) -> Array:
        past = x[n - DAYS * DAY : n].reshape(DAYS, DAY)
        best = past.max(axis=0)
        return best * min(1.0, float(past[-1].sum() / max(best.sum(), 1e-9)))

    simple: dict[str, Forecaster] = {
        "as yesterday": lambda n: x[n - DAY : n],
        "best of 28 days times yesterday's clearness": clearness_of_yesterday,
        "mean of the last 7 days": lambda n: x[n - 7 * DAY : n].reshape(7, DAY).mean(axis=0),
    }
    return simple | _trees(x, tape) | {"this system, from output only": lambda n: _ours(tape, n)[1]}


def _ours(tape: Tape, n: int) -> tuple[Array, Array]:
    slots = [tape.slot(n + h) for h in range(DAY)]
    since, now = n - (DAYS + 1) * DAY, tape.start(n)
    found = expect(
        slots,
        now=now,
        past=Past(load_kw=tape.load_kw[since:n], solar_kw=tape.solar_kw[since:n]),
        load=standard_load(slots, annual_kwh=3500, zone=LONDON, now=now),
        solar=None,
        no_sun=no_sun(slots, source="none", now=now),
    )
    return np.array(found.load.kw), np.array(found.solar.kw)


def _trees(x: Array, tape: Tape) -> dict[str, Forecaster]:
    """Return scikit-learn's boosted trees, one model for every lead, or nothing where it is not installed."""
    if find_spec("sklearn") is None:
        return {}
    model: Any = import_module("sklearn.ensemble").HistGradientBoostingRegressor
    trained: dict[int, Any] = {}

    def features(n: int) -> Array:
        lead, week = np.arange(DAY), x[n - 7 * DAY : n].reshape(7, DAY)
        local = [tape.start(n + h).astimezone(LONDON) for h in range(DAY)]
        calendar = [[at.hour + at.minute / 60, at.weekday(), at.weekday() >= 5, at.timetuple().tm_yday] for at in local]
        recent = [x[n - 1], x[n - 2], x[n - 6 : n].mean(), x[n - DAY : n].mean(), x[n - 7 * DAY : n].mean()]
        month = x[n - DAYS * DAY : n].reshape(DAYS, DAY)
        by_slot = [week[-1], week[0], week.mean(axis=0), month.mean(axis=0), month.max(axis=0)]
        return np.column_stack([lead, calendar, *by_slot, np.tile(recent, (DAY, 1))])

    def forecast(n: int) -> Array:
        batch = (n - FIRST) // RETRAINED
        if batch not in trained:
            until = FIRST + batch * RETRAINED - DAY
            origins = range(DAYS * DAY, until, 5)
            seen, true = np.concatenate([features(k) for k in origins]), np.concatenate([x[k : k + DAY] for k in origins])
            trained[batch] = model(max_iter=200, learning_rate=0.05, min_samples_leaf=50, random_state=1).fit(seen, true)
        found: Array = np.maximum(0.0, trained[batch].predict(features(n)))
        return found

    return {"boosted trees (scikit-learn), retrained": forecast}


def compare(title: str, x: Array, forecasters: dict[str, Forecaster], *, only_lit: bool = False) -> None:
    """Print the errors of a day-ahead forecast."""
    origins = range(FIRST, len(x) - DAY, EVERY)
    shown = Table(title, "mean error kW", "of the mean", "root mean square kW", "error of the day's energy", "bias kW")
    for name, forecaster in forecasters.items():
        off = np.array([forecaster(n) - x[n : n + DAY] for n in origins])
        true = np.array([x[n : n + DAY] for n in origins])
        days = np.abs(off.sum(axis=1)).mean() / true.sum(axis=1).mean()
        counted = off[true > LEAST_KW] if only_lit else off.ravel()
        numbers = (np.abs(counted).mean(), np.abs(off).mean() / true.mean(), np.sqrt((counted**2).mean()), days, off.mean())
        shown.add_row(
            name, f"{numbers[0]:.3f}", f"{100 * numbers[1]:.0f} %", f"{numbers[2]:.3f}", f"{100 * numbers[3]:.0f} %", f"{numbers[4]:+.3f}"
        )
    out.print(shown)


def compare_prices(tape: Tape) -> None:
    """Print the errors of the price estimate of the day that is published next, made at 15:30 local time before it is."""
    price = tape.import_per_kwh
    errors: dict[str, list[Array]] = {"as the last published day": [], "as the same day last week": [], "this system": []}
    inside: dict[int, list[float]] = {}
    for n in range(9 * DAY, len(price) - 2 * DAY):
        local = tape.start(n).astimezone(LONDON)
        if (local.hour, local.minute) != (15, 30):
            continue
        end = tape.place(local.replace(hour=23, minute=0).astimezone(tape.first.tzinfo))
        known = {tape.start(k): float(price[k]) for k in range(end - (LOOK_BACK_DAYS + 1) * DAY, end)}
        wanted = [tape.start(k) for k in range(end, end + DAY)]
        told = [each for each in estimates(known, wanted, zone=LONDON, minutes=30) if each is not None]
        guess, true = np.array([each.per_kwh for each in told]), price[end : end + DAY]
        ranges = [each.range for each in told if each.range is not None]
        hits = [span.low <= paid <= span.high for span, paid in zip(ranges, true, strict=True)]
        inside.setdefault(local.month, []).append(float(np.mean(hits)))
        for name, line in zip(errors, (price[end - DAY : end], price[end - 7 * DAY : end - 6 * DAY], guess), strict=True):
            errors[name].append(line - true)
    held = [float(np.mean(days)) for days in inside.values()]
    shown = Table("price of the next day", "mean error p", "root mean square p", "of the day's mean p")
    for name, days in errors.items():
        off = 100 * np.array(days)
        shown.add_row(name, f"{np.abs(off).mean():.2f}", f"{np.sqrt((off**2).mean()):.2f}", f"{np.abs(off.mean(axis=1)).mean():.2f}")
    out.print(shown)
    whole = 100 * float(np.mean([day for days in inside.values() for day in days]))
    out.print(f"the range told held in {whole:.0f} % of half-hours, by month {100 * min(held):.0f} to {100 * max(held):.0f} %")


def coverage(tape: Tape) -> bool:
    """Print how many measured half-hours lay inside their 80 % interval, month by month; tell whether all are honest."""
    found = monthly(tape)
    shown = Table(
        "inside the 80 % interval", *(str(month) for month in next(iter(found.values()))), title="by month, learnt from before it only"
    )
    for kind, months in found.items():
        shown.add_row(kind.value, *(f"{100 * share:.0f}" for share in months.values()))
    out.print(shown)
    return all(0.75 <= share <= 0.85 for months in found.values() for share in months.values())


def main(words: Sequence[str] | None = None) -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", action="store_true", help="the intervals only")
    asked = parser.parse_args(words)
    tape = read_tape(DATA / "uk_year_2023.csv.gz")
    if not asked.coverage:
        compare_prices(tape)
        compare("load, a day ahead", tape.load_kw, load_forecasters(tape))
        compare("sun by day, a day ahead", tape.solar_kw, sun_forecasters(tape), only_lit=True)
    if not coverage(tape):
        raise SystemExit("an interval does not hold")


if __name__ == "__main__":
    main()
