"""Problems drawn with fixed seeds: from the benchmark year where it is at hand, and at random."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from app.domain.site import Coupling, Site
from app.optimizer.problem import Problem
from tests.builders import battery, house, problem

YEAR = Path(__file__).parents[3] / "shared" / "data" / "uk_year_2023.csv.gz"
CLOCK_CHANGES = (datetime(2023, 3, 26, tzinfo=UTC), datetime(2023, 10, 29, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHour:
    """One row of the benchmark year, in kW and currency per kWh."""

    start: datetime
    buy: float
    sell: float
    load_kw: float
    solar_kw: float


@cache
def year() -> tuple[HalfHour, ...]:
    """Return the benchmark year; it is no part of this repository."""
    with gzip.open(YEAR, "rt") as lines:
        return tuple(
            HalfHour(
                start=datetime.fromisoformat(row["time_utc"]),
                buy=float(row["import_price"]),
                sell=float(row["export_price"]),
                load_kw=2 * float(row["load_kwh"]),
                solar_kw=2 * float(row["pv_kwh"]),
            )
            for row in csv.DictReader(lines)
        )


def of_the_year(start: datetime, *, hours: int, site: Site, sell: float | None = None, start_kwh: float = 5.0) -> Problem:
    """Return a span of the benchmark year, with its own export price or a fixed one."""
    first = round((start - year()[0].start) / timedelta(minutes=30))
    span = year()[first : first + 2 * hours]
    return problem(
        buy=[each.buy for each in span],
        sell=[each.sell if sell is None else sell for each in span],
        load_kw=[each.load_kw for each in span],
        solar_kw=[each.solar_kw for each in span],
        start=start,
        start_kwh=start_kwh,
        end_value=float(np.median([each.buy for each in span])) * 0.9,
        site=site,
    )


def from_the_year(count: int, *, seed: int = 2023) -> Iterator[Problem]:
    """Yield days of the benchmark year: Agile export, 12p or 15p fixed; days of negative prices and clock changes among them."""
    dice = np.random.default_rng(seed)
    negative = sorted({each.start.date() for each in year() if each.buy < 0})
    for n in range(count):
        sell = (None, 0.12, 0.15, None)[n % 4]
        day = negative[dice.integers(len(negative) - 1)] if n % 3 == 0 else year()[48 * int(dice.integers(360))].start.date()
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=30 * int(dice.integers(48)))
        if n % 25 == 5:  # a few nights in which a local hour is missing or comes twice
            start = CLOCK_CHANGES[n // 25 % 2]
        hours = 48 if sell is None and n % 8 == 0 else 24 if sell is None else 12
        yield of_the_year(start, hours=hours, site=some_site(dice), sell=sell, start_kwh=float(dice.uniform(1, 10)))


def at_random(count: int, *, seed: int = 7) -> Iterator[Problem]:
    """Yield made-up problems of every kind of house, tariff and grid of slots."""
    dice = np.random.default_rng(seed)
    for n in range(count):
        minutes = (15, 30, 60)[n % 3]
        slots = int(dice.integers(8, 25))
        site = some_site(dice, wild=True)
        yield problem(
            buy=some_prices(dice, slots, kind=n % 5).tolist(),
            sell=float(dice.choice([0.0, 0.12, 0.15])) if n % 4 else (some_prices(dice, slots, kind=3) - 0.05).tolist(),
            load_kw=dice.gamma(1.0, 1.5, slots).tolist(),
            solar_kw=np.maximum(0.0, dice.normal(1.0, 4.0, slots)).tolist(),
            minutes=minutes,
            first_minutes=float(dice.integers(1, minutes)) if n % 2 else None,
            start_kwh=float(dice.uniform(0, site.battery.capacity_kwh)),
            end_value=float(dice.uniform(0, 0.25)),
            site=site,
        )


def some_prices(dice: np.random.Generator, slots: int, *, kind: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return prices: flat, two-rate, ordinary, often negative, or wild."""
    match kind:
        case 0:
            return np.full(slots, 0.25)
        case 1:
            return np.where(np.arange(slots) % 12 < 4, 0.09, 0.30)
        case 2:
            return dice.normal(0.2, 0.08, slots)
        case 3:
            return dice.normal(0.03, 0.12, slots)
        case _:
            return dice.uniform(-0.4, 0.6, slots)


def some_site(dice: np.random.Generator, *, wild: bool = False) -> Site:
    """Return a house; a wild one may have no battery, tight limits, no throttle or a small inverter."""
    if not wild:
        return house(battery(efficiency=float(dice.uniform(0.9, 0.98)), power_kw=float(dice.choice([3.0, 5.0]))))
    capacity = float(dice.choice([0.0, 2.0, 5.0, 10.0]))
    store = battery(
        capacity_kwh=capacity,
        reserve_kwh=capacity * float(dice.choice([0.0, 0.1, 0.3])),
        limit_kwh=capacity * float(dice.choice([0.8, 0.95, 1.0])),
        power_kw=float(dice.choice([1.0, 3.0, 6.0])),
        efficiency=float(dice.choice([0.85, 0.95, 1.0])),
        wear_per_kwh=float(dice.choice([0.0, 0.005, 0.02])),
    )
    return house(
        store,
        ac_limit_kw=float(dice.choice([2.5, 3.68, 5.0, 100.0])),
        coupling=Coupling.DC if dice.random() < 0.6 else Coupling.AC,  # most houses are DC-coupled
        import_limit_kw=float(dice.choice([3.0, 8.0, 15.0])),
        export_limit_kw=float(dice.choice([0.0, 1.0, 3.68, 5.0])),
        curtailable=bool(dice.random() < 0.7),  # older arrays have no throttle
    )
