"""Tapes for tests: real prices of a fortnight with a made-up house, or the real year beside the repository."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.domain.tape import Tape
from app.replay.tapes import read_tape

FORTNIGHT = Path(__file__).parent / "fixtures" / "agile_fortnight.csv"
YEAR = Path(__file__).parents[2] / "shared" / "data" / "uk_year_2023.csv.gz"


def fortnight(days: int = 6, *, seed: int = 1) -> Tape:
    """Return real January prices with a house whose load and sun are drawn."""
    rows = list(csv.DictReader(FORTNIGHT.read_text().splitlines()))[: 48 * days]
    chance, slot = np.random.default_rng(seed), np.arange(len(rows)) % 48
    sun = np.maximum(0.0, np.sin((slot - 14) / 20 * np.pi)) * np.where((slot > 14) & (slot < 34), 3.0, 0.0)
    return Tape(
        first=datetime.fromisoformat(rows[0]["time_utc"]).astimezone(UTC),
        minutes=30,
        import_per_kwh=np.array([float(row["import_price"]) for row in rows]),
        export_per_kwh=np.array([float(row["export_price"]) for row in rows]),
        load_kw=0.3 + chance.gamma(1.0, 0.6, len(rows)),
        solar_kw=sun * chance.uniform(0.2, 1.0, len(rows)),
    )


def real_year() -> Tape:
    """Return the benchmark year, or skip by its name."""
    if not YEAR.exists():
        pytest.skip(f"{YEAR.name} is not here")
    return read_tape(YEAR)
