"""`battery-optimizer backtest` in a shell: a table, a file for each policy, a report that needs nothing else."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.cli_backtest import out
from app.domain.errors import InvalidInputError
from app.domain.tape import Tape
from tests.tapes import fortnight


def written(folder: Path, tape: Tape) -> Path:
    path = folder / "house.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time_utc", "import_price", "export_price", "load_kwh", "pv_kwh"))
        for n in range(len(tape)):
            numbers = (tape.import_per_kwh[n], tape.export_per_kwh[n], tape.load_kw[n] / 2, tape.solar_kw[n] / 2)
            writer.writerow((f"{tape.start(n):%Y-%m-%dT%H:%MZ}", *numbers))
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Result:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 160)
    words = ["backtest", str(written(tmp_path, fortnight(4))), "--start", "2026-01-08T18:00:00", "--workers", "1", "--solar", "weather"]
    return CliRunner().invoke(cli, words)


def test_a_backtest_tells_what_every_policy_costs_and_keeps_every_slot(run: Result, tmp_path: Path) -> None:
    assert run.exit_code == 0, run.output
    for name in ("no battery", "self-use only", "reactive rules", "ours, weather-like forecast", "perfect, possible"):
        assert name in run.output
    assert "kW over all hours" in run.output
    with (tmp_path / "backtest" / "ours_weather-like_forecast.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {"mode", "import_kwh", "soc_pct", "cost"} <= set(rows[0])
    html = (tmp_path / "backtest" / "report.html").read_text()
    assert "<script src" not in html
    assert "Plotly.newPlot" in html


@pytest.mark.parametrize("words", [[], ["none.csv"], ["house.csv", "--stored"], ["house.csv", "--zone", "Nowhere/At_all"]])
def test_what_cannot_be_replayed_is_said_in_one_sentence(words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, fortnight(2))

    found = CliRunner().invoke(cli, ["backtest", *words])

    assert isinstance(found.exception, InvalidInputError)
