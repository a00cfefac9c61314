"""A house's past is read from a CSV file with gaps, or the error names the row and the column."""

import gzip
from pathlib import Path

import pytest

from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity
from app.storage.past_file import read_past

GOOD = "time_utc,load_kwh,pv_kwh\n2026-01-01T01:00Z,0.5,\n2026-01-01T00:00Z,0.25,0\n2026-01-01T00:30Z,,1\n2026-01-01T05:00Z,0.4,0.1\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "past.csv"
    path.write_text(text, encoding="utf-8")
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
        ("time_utc,load_kwh\n2026-01-01T00:00Z,0,25\n2026-01-01T01:00Z,0,5\n", "row 2: 3 cells under 2 columns.*semicolons"),
        ("time_utc;load_kwh\n2026-01-01T00:00Z;1.234,5\n2026-01-01T01:00Z;1\n", "row 2, column load_kwh: '1.234,5' is not a number"),
        ("time_utc,load_kwh,Consumption (kWh)\n2026-01-01T00:00Z,1,1\n", "say the same thing twice"),
        (
            "Consumption (kWh), Start, End\n1,2026-01-01T00:00Z,2026-01-02T00:00Z\n1,2026-01-01T01:00Z,2026-01-01T02:00Z\n",
            "row 2, column end",
        ),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        read_past(written(tmp_path, text))


ROWS = (("2026-01-01T00:00Z", "0.25", "0"), ("2026-01-01T00:30Z", "", "1.5"), ("2026-01-01T01:00Z", "0.5", ""))


def as_text(delimiter: str, *, header: str = "time_utc{0}load_kwh{0}pv_kwh", point: str = ".") -> str:
    return "\r\n".join(
        [header.format(delimiter), *(delimiter.join(row).replace("0.", f"0{point}").replace("1.", f"1{point}") for row in ROWS)]
    )


@pytest.mark.parametrize(
    "raw",
    [
        as_text(",").encode(),
        as_text(",").encode("utf-8-sig"),
        as_text(";").encode("utf-16"),
        as_text(";", point=",").encode(),
        as_text("\t", point=",").encode("utf-8-sig"),
        as_text(",", header=" Time_UTC {0} load_kwh{0} PV_kWh ").encode(),
        as_text(" ; ", header=" time_utc{0}load_kwh {0}pv_kwh", point=",").encode("utf-8-sig"),
        as_text(",").replace("0.25", '"0,25"').encode(),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_as_spreadsheets_write_it_says_the_same(tmp_path: Path, raw: bytes, *, packed: bool) -> None:
    path = tmp_path / ("past.csv.gz" if packed else "past.csv")
    path.write_bytes(gzip.compress(raw) if packed else raw)

    found = read_past(path)

    assert [(each.quantity, f"{each.slot.start:%H:%M}", each.kwh) for each in found] == [
        (Quantity.LOAD_KW, "00:00", 0.25),
        (Quantity.LOAD_KW, "01:00", 0.5),
        (Quantity.SOLAR_KW, "00:00", 0.0),
        (Quantity.SOLAR_KW, "00:30", 1.5),
    ]


NEWER = """Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End
0.187, 4.9, 2026-10-25T00:30:00+01:00, 2026-10-25T01:00:00+01:00
0.123, 3.2, 2026-10-25T01:00:00+01:00, 2026-10-25T01:30:00+01:00
0.2, 5.1, 2026-10-25T01:00:00+00:00, 2026-10-25T01:30:00+00:00
"""
OLDER = """Consumption (kWh), Start, End
0.2,2026-10-25T01:00:00Z,2026-10-25T01:30:00Z
0.123,2026-10-25T00:00:00Z,2026-10-25T00:30:00Z
0.187,2026-10-24T23:30:00Z,2026-10-25T00:00:00Z
"""


@pytest.mark.parametrize("text", [NEWER, OLDER, "\ufeff" + NEWER])
def test_what_octopus_gives_out_of_a_meter_is_read_as_such(tmp_path: Path, text: str) -> None:
    found = read_past(written(tmp_path, text))

    assert [(f"{each.slot.start:%d %H:%M}", each.slot.hours, each.kwh) for each in found] == [
        ("24 23:30", 0.5, 0.187),
        ("25 00:00", 0.5, 0.123),
        ("25 01:00", 0.5, 0.2),
    ]
    assert all(each.by_meter and each.quantity is Quantity.LOAD_KW for each in found)


def test_each_energy_says_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)

    assert [each.where.removeprefix(f"{path}, ") for each in read_past(path) if each.quantity is Quantity.LOAD_KW] == [
        f"line {n}, column load_kwh" for n in (3, 2, 5)
    ]


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")

    for name in ("missing.csv", "broken.csv.gz", "binary.csv"):
        with pytest.raises(InvalidInputError, match=r"cannot be read|needed are"):
            read_past(tmp_path / name)
