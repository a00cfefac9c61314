"""A house's past in a CSV file: one row an interval, gaps and empty cells allowed, in any order."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path

from app.domain.errors import InvalidInputError
from app.domain.reading import Metered, Quantity
from app.domain.slot import Slot

COLUMNS = {"load_kwh": Quantity.LOAD_KW, "pv_kwh": Quantity.SOLAR_KW}
LONGEST = timedelta(hours=1)
"""A day's energy says nothing about its hours."""


def read_past(path: Path) -> list[Metered]:
    """Return the energies of a CSV file, plain or gzipped: `time_utc`, and `load_kwh` or `pv_kwh` or both.

    The shortest step between two rows is the length of every interval; a row given twice must say the same.

    Raises:
        InvalidInputError: names the row and the column that make no sense; nothing of the file is used then.
    """
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = [name for name in COLUMNS if name in (reader.fieldnames or ())]
            if "time_utc" not in (reader.fieldnames or ()) or not names:
                raise InvalidInputError(f"{path}: needed are the column time_utc and load_kwh or pv_kwh")
            rows = {n: row for n, row in enumerate(reader, 2) if any(row.get(name) for name in ("time_utc", *names))}
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from error
    starts = {n: instant(path, n, row) for n, row in rows.items()}
    length = _length(path, sorted(set(starts.values())))
    found: dict[tuple[str, datetime], Metered] = {}
    for n, row in rows.items():
        for name in names:
            kwh = _kwh(path, n, row, name)
            if kwh is not None:
                one = Metered(quantity=COLUMNS[name], slot=Slot(starts[n], starts[n] + length), kwh=kwh)
                if found.setdefault((name, starts[n]), one) != one:
                    raise InvalidInputError(
                        f"{path}, row {n}, column {name}: {starts[n]:%Y-%m-%dT%H:%MZ} was given before, with another value"
                    )
    return sorted(found.values(), key=lambda each: (each.quantity, each.slot.start))


def instant(path: Path, n: int, row: Mapping[str, str | None]) -> datetime:
    """Return the start of a row's slot.

    Raises:
        InvalidInputError: it is no time, or does not say its zone.
    """
    text = row["time_utc"]
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        raise InvalidInputError(f"{path}, row {n}, column time_utc: {text!r} is not a time like 2023-01-01T00:30Z") from None
    if found.utcoffset() is None:
        raise InvalidInputError(f"{path}, row {n}, column time_utc: {text!r} does not say its zone; end it with Z for UTC")
    return found.astimezone(UTC)


def _length(path: Path, starts: Sequence[datetime]) -> timedelta:
    if len(starts) < 2:  # noqa: PLR2004 - a length needs two starts
        raise InvalidInputError(f"{path} has {len(starts)} intervals; at least two are needed")
    length = min(following - one for one, following in pairwise(starts))
    if length > LONGEST or LONGEST % length:
        raise InvalidInputError(f"{path}: rows are {length} apart; intervals that divide an hour are needed")
    odd = next((at for at in starts if (at - starts[0]) % length), None)
    if odd is not None:
        raise InvalidInputError(f"{path}: {odd:%Y-%m-%dT%H:%MZ} does not lie on the grid of {length}")
    return length


def _kwh(path: Path, n: int, row: Mapping[str, str | None], column: str) -> float | None:
    """Return an energy, None for an empty cell."""
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text!r} is not a number") from None
    if not isfinite(found) or found < 0:
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text} cannot be; leave a missing value empty")
    return found
