"""A house's past in a CSV file: one row an interval, gaps and empty cells allowed, in any order; ours, or Octopus's own of a meter."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path

from app.domain.errors import InvalidInputError
from app.domain.reading import Metered, Quantity
from app.domain.slot import Slot

TIME, END, METER = "time_utc", "end", "consumption (kwh)"
COLUMNS = {"load_kwh": Quantity.LOAD_KW, METER: Quantity.LOAD_KW, "pv_kwh": Quantity.SOLAR_KW}
SAME = {"start": TIME}
"""Octopus's word for ours."""
LONGEST = timedelta(hours=1)
"""A day's energy says nothing about its hours."""

type Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file by their number in it, under column names in small letters without spaces around."""

    path: Path
    names: list[str]
    rows: dict[int, Row]


def read_past(path: Path) -> list[Metered]:
    """Return the energies of a CSV file, plain or gzipped: `time_utc`, and `load_kwh` or `pv_kwh` or both; or a meter's from Octopus.

    Cells are parted by commas, semicolons or tabs; a decimal comma is one. The shortest step between two rows is the length of every
    interval; a row given twice must say the same.

    Raises:
        InvalidInputError: names the row and the column that make no sense; nothing of the file is used then.
    """
    table = _read(path)
    starts = {n: instant(path, n, row) for n, row in table.rows.items()}
    length = _length(path, sorted(set(starts.values())))
    for n, row in table.rows.items():
        _must_last(path, n, row, starts[n], length)
    found: dict[tuple[Quantity, datetime], Metered] = {}
    for n, name, kwh in _energies(table):
        quantity, at = COLUMNS[name], starts[n]
        where = f"{path}, line {n}, column {name}"
        one = Metered(quantity=quantity, slot=Slot(at, at + length), kwh=kwh, by_meter=name == METER, where=where)
        if found.setdefault((quantity, at), one) != one:
            raise InvalidInputError(f"{path}, row {n}, column {name}: {at:%Y-%m-%dT%H:%MZ} was given before, with another value")
    return sorted(found.values(), key=lambda each: (each.quantity, each.slot.start))


def _read(path: Path) -> _Table:
    try:
        raw = path.read_bytes()
        text = _text(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]), skipinitialspace=True)
        names = [SAME.get(name := cell.strip().lower(), name) for cell in next(reader, [])]
        known = [name for name in names if name in COLUMNS]
        if TIME not in names or not known:
            raise InvalidInputError(f"{path}: needed are the column time_utc and load_kwh or pv_kwh, or Start and Consumption (kWh)")
        if len({COLUMNS[name] for name in known}) < len(known):
            raise InvalidInputError(f"{path}: {' and '.join(known)} say the same thing twice")
        rows = {n: _row(path, n, names, cells) for n, cells in enumerate(reader, 2)}
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from error
    return _Table(path, known, {n: row for n, row in rows.items() if any(row.get(name) for name in (TIME, *known))})


def _row(path: Path, n: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if any(map(str.strip, cells[len(names) :])):
        told = "write decimals with a point, or part cells with semicolons"
        raise InvalidInputError(f"{path}, row {n}: {len(cells)} cells under {len(names)} columns: {told}")
    return dict(zip(names, map(str.strip, cells), strict=False))


def _text(raw: bytes) -> str:
    """Return a file's text: UTF-8, or what its byte order mark says."""
    return raw.decode("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def _delimiter(header: str) -> str:
    return next((each for each in (";", "\t") if each in header), ",")


def instant(path: Path, n: int, row: Row) -> datetime:
    """Return the start of a row's slot.

    Raises:
        InvalidInputError: it is no time, or does not say its zone.
    """
    return _instant(path, n, row, TIME)


def _instant(path: Path, n: int, row: Row, column: str) -> datetime:
    text = row.get(column)
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text!r} is not a time like 2023-01-01T00:30Z") from None
    if found.utcoffset() is None:
        raise InvalidInputError(f"{path}, row {n}, column {column}: {text!r} does not say its zone; end it with Z for UTC")
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


def _must_last(path: Path, n: int, row: Row, start: datetime, length: timedelta) -> None:
    """Raise where a row names an end and lasts longer or shorter than the others."""
    if row.get(END) and (end := _instant(path, n, row, END)) != start + length:
        raise InvalidInputError(f"{path}, row {n}, column {END}: it lasts {end - start}, and the rows are {length} apart")


def _energies(table: _Table) -> Iterator[tuple[int, str, float]]:
    """Yield the row, column and energy of every cell that is not empty."""
    for n, row in table.rows.items():
        for name in table.names:
            if text := row.get(name):
                yield n, name, _kwh(f"{table.path}, row {n}, column {name}", text)


def _kwh(where: str, text: str) -> float:
    try:
        found = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        raise InvalidInputError(f"{where}: {text!r} is not a number") from None
    if not isfinite(found) or found < 0:
        raise InvalidInputError(f"{where}: {text} cannot be; leave a missing value empty")
    return found
