"""A house's past is read from a CSV file with gaps, or the error names the row and the column."""

from pathlib import Path

import pytest

from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity
from app.storage.past_file import read_past

GOOD = "time_utc,load_kwh,pv_kwh\n2026-01-01T01:00Z,0.5,\n2026-01-01T00:00Z,0.25,0\n2026-01-01T00:30Z,,1\n2026-01-01T05:00Z,0.4,0.1\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "past.csv"
    path.write_text(text)
    return path


def test_rows_in_any_order_with_gaps_become_energies_of_equal_intervals(tmp_path: Path) -> None:
    found = read_past(written(tmp_path, GOOD))

    assert [(f"{each.slot.start:%H:%M}", each.slot.hours, each.kwh) for each in found if each.quantity is Quantity.LOAD_KW] == [
        ("00:00", 0.5, 0.25),
        ("01:00", 0.5, 0.5),
        ("05:00", 0.5, 0.4),
    ]
    assert [each.kwh for each in found if each.quantity is Quantity.SOLAR_KW] == [0, 1, 0.1]


def test_one_column_is_enough_and_a_row_twice_is_one(tmp_path: Path) -> None:
    found = read_past(written(tmp_path, "time_utc,load_kwh\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,1\n2026-01-01T00:00Z,1\n"))

    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needed are"),
        ("time_utc,kwh\n2026-01-01T00:00Z,1\n", "needed are"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,1\n", "1 intervals"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,1\n2026-01-02T00:00Z,1\n", "divide an hour"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,1\n2026-01-01T00:30Z,1\n2026-01-01T02:10Z,1\n", "grid"),
        ("time_utc,load_kwh\n2026-01-01T00:00,1\n2026-01-01T01:00Z,1\n", "row 2, column time_utc.*zone"),
        ("time_utc,load_kwh\nyesterday,1\n2026-01-01T01:00Z,1\n", "row 2, column time_utc"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,a lot\n2026-01-01T01:00Z,1\n", "row 2, column load_kwh: 'a lot'"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,-1\n2026-01-01T01:00Z,1\n", "row 2, column load_kwh"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,nan\n2026-01-01T01:00Z,1\n", "row 2, column load_kwh"),
        ("time_utc,load_kwh\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,1\n2026-01-01T00:00Z,2\n", "row 4.*given before"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        read_past(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")

    for name in ("missing.csv", "broken.csv.gz", "binary.csv"):
        with pytest.raises(InvalidInputError, match=r"cannot be read|needed are"):
            read_past(tmp_path / name)
