"""Tapes as CSV files: read with errors that name row and column, and the rows of a replay written back."""

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np

from app.domain.errors import InvalidInputError
from app.domain.tape import Tape
from app.replay.backtest import Row
from app.storage.past_file import instant

COLUMNS = ("time_utc", "import_price", "export_price", "load_kwh", "pv_kwh")
NEVER_NEGATIVE = ("load_kwh", "pv_kwh")
RESULT = (
    "time_utc",
    "mode",
    "power_kw",
    "import_price",
    "export_price",
    "load_kwh",
    "pv_kwh",
    "import_kwh",
    "export_kwh",
    "charge_kwh",
    "discharge_kwh",
    "curtailed_kwh",
    "stored_start_kwh",
    "stored_end_kwh",
    "soc_pct",
    "cost",
    "wear",
)


def read_tape(path: Path, *, fixed_export: float | None = None) -> Tape:
    """Return the tape of a CSV file, plain or gzipped; a fixed export price replaces the column, which then may be missing.

    Raises:
        InvalidInputError: names the row and the column that make no sense.
    """
    wanted = [column for column in COLUMNS if column != "export_price" or fixed_export is None]
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in wanted if column not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInputError(f"{path}: no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
            rows = list(reader)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from error
    starts = [instant(path, n, row) for n, row in enumerate(rows, 2)]
    minutes = _minutes(path, starts)
    numbers = {column: np.array([_number(path, n, row, column) for n, row in enumerate(rows, 2)]) for column in wanted[1:]}
    return Tape(
        first=starts[0],
        minutes=minutes,
        import_per_kwh=numbers["import_price"],
        export_per_kwh=np.full(len(rows), fixed_export) if fixed_export is not None else numbers["export_price"],
        load_kw=numbers["load_kwh"] * 60 / minutes,
        solar_kw=numbers["pv_kwh"] * 60 / minutes,
    )


def write_rows(path: Path, rows: Iterable[Row], *, capacity_kwh: float) -> None:
    """Write a replay, one line a slot."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(RESULT)
        writer.writerows(_line(row, capacity_kwh) for row in rows)


def write_parquet(path: Path, rows: Sequence[Row], *, capacity_kwh: float) -> bool:
    """Write the same as Parquet if pyarrow is installed; tell whether it was."""
    if find_spec("pyarrow") is None:
        return False
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    lines = [_line(row, capacity_kwh) for row in rows]
    parquet.write_table(pyarrow.table({name: [line[n] for line in lines] for n, name in enumerate(RESULT)}), path)
    return True


def _line(row: Row, capacity_kwh: float) -> tuple[str | float | None, ...]:
    soc = 100 * row.stored_end_kwh / capacity_kwh if capacity_kwh else 0.0
    numbers = (
        row.import_per_kwh,
        row.export_per_kwh,
        row.load_kwh,
        row.solar_kwh,
        row.import_kwh,
        row.export_kwh,
        row.charge_kwh,
        row.discharge_kwh,
        row.curtailed_kwh,
        row.stored_start_kwh,
        row.stored_end_kwh,
        soc,
        row.cost,
        row.wear,
    )
    return (f"{row.start:%Y-%m-%dT%H:%MZ}", row.command.mode.value, row.command.power_kw, *(round(each, 9) for each in numbers))


def _minutes(path: Path, starts: Sequence[datetime]) -> int:
    """Return the length of the slots, all the same and without gaps."""
    if len(starts) < 2:  # noqa: PLR2004 - a length needs two starts
        raise InvalidInputError(f"{path} has {len(starts)} rows; at least two slots are needed")
    step = starts[1] - starts[0]
    if step <= timedelta(0) or step % timedelta(minutes=1) or timedelta(days=1) % step:
        raise InvalidInputError(f"{path}, row 3, column time_utc: slots of {step} do not divide a day into whole minutes")
    for n, (one, following) in enumerate(pairwise(starts), 3):
        if following - one != step:
            raise InvalidInputError(
                f"{path}, row {n}, column time_utc: {following:%Y-%m-%dT%H:%MZ} should be {one + step:%Y-%m-%dT%H:%MZ}, "
                f"{step} after the row before"
            )
    return round(step / timedelta(minutes=1))


def _number(path: Path, n: int, row: Mapping[str, str | None], column: str) -> float:
    text = row[column]
    try:
        found = float(text or "")
    except ValueError:
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text!r} is not a number") from None
    if not isfinite(found) or (column in NEVER_NEGATIVE and found < 0):
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text} cannot be; missing values are not allowed")
    return found
