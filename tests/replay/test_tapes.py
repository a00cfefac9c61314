"""A tape is read from a CSV file, or the error names the row and the column."""

import gzip
from pathlib import Path

import pytest

from app.domain.errors import InvalidInputError
from app.replay.tapes import read_tape, write_parquet, write_rows

HEAD = "time_utc,import_price,export_price,load_kwh,pv_kwh\n"
GOOD = HEAD + "2023-01-01T00:00Z,0.1,0.05,0.5,0\n2023-01-01T00:30Z,-0.02,0.05,0.25,1\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


def test_energies_become_mean_powers_whatever_the_resolution(tmp_path: Path) -> None:
    tape = read_tape(written(tmp_path, GOOD))
    quarter = read_tape(written(tmp_path, GOOD.replace("00:30Z", "00:15Z")))

    assert (tape.minutes, tape.load_kw.tolist(), tape.solar_kw.tolist()) == (30, [1.0, 0.5], [0.0, 2.0])
    assert (quarter.minutes, quarter.load_kw.tolist()) == (15, [2.0, 1.0])


def test_a_gzipped_file_and_a_fixed_export_price_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(GOOD.replace("export_price,", "x,").encode()))

    assert read_tape(path, fixed_export=0.12).export_per_kwh.tolist() == [0.12, 0.12]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("pv_kwh", "sun"), "no column pv_kwh"),
        (GOOD.replace("0.25", "much"), "row 3, column load_kwh: 'much' is not a number"),
        (GOOD.replace("0.25", ""), "row 3, column load_kwh: '' is not a number"),
        (GOOD.replace("0.25", "nan"), "row 3, column load_kwh: nan cannot be"),
        (GOOD.replace("0.25", "-0.25"), "row 3, column load_kwh: -0.25 cannot be"),
        (GOOD.replace("00:00Z", "noon"), "row 2, column time_utc: '2023-01-01Tnoon' is not a time"),
        (GOOD.replace("00:30Z", "00:30"), "row 3, column time_utc: '2023-01-01T00:30' does not say its zone"),
        (GOOD.replace("00:30Z", "00:00Z"), "row 3, column time_utc"),
        (GOOD + "2023-01-01T01:30Z,0.1,0.1,0.1,0.1\n", "row 4, column time_utc: 2023-01-01T01:30Z should be 2023-01-01T01:00Z"),
        (GOOD + "2023-01-01T01:00Z,0.1\n", "row 4, column export_price: None is not a number"),
        (HEAD, "at least two slots"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match=r"data\.csv") as caught:
        read_tape(written(tmp_path, text))

    assert named in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"\xff\xfe\x00")

    for name in ("none.csv", "data.csv"):
        with pytest.raises(InvalidInputError, match="cannot be read"):
            read_tape(tmp_path / name)


def test_rows_are_written_even_where_there_are_none(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv", [], capacity_kwh=10)

    assert (tmp_path / "rows.csv").read_text().startswith("time_utc,mode,power_kw,")
    assert write_parquet(tmp_path / "rows.parquet", [], capacity_kwh=10) in {True, False}
