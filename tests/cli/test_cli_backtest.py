"""`battery-optimizer backtest` in a shell: a table, a file for each policy, a report that needs nothing else."""

import csv
import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.backtest import out
from app.cli.program import cli
from app.domain.errors import InvalidInputError
from app.domain.price import Direction, Price
from app.domain.reading import Quantity, reading
from app.domain.site import HOME
from app.domain.slot import Slot
from app.domain.tape import Tape
from app.storage.database import Database, upgrade
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
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


def keep(url: str, tape: Tape) -> None:
    """Store a tape as the service would have: published prices, and a reading every ten minutes."""
    upgrade(url)
    database = Database.open(url)
    slots = [Slot(tape.start(n), tape.start(n + 1)) for n in range(len(tape))]
    ways = ((Direction.IMPORT, tape.import_per_kwh), (Direction.EXPORT, tape.export_per_kwh))
    prices = [
        Price(slot=slot, direction=way, per_kwh=float(per_kwh), source="test")
        for way, line in ways
        for slot, per_kwh in zip(slots, line, strict=True)
    ]
    readings = [
        reading(device="meter", quantity=quantity, at=slot.start + n * timedelta(minutes=10), value=float(kw), source="test")
        for quantity, line in ((Quantity.LOAD_KW, tape.load_kw), (Quantity.SOLAR_KW, tape.solar_kw))
        for slot, kw in zip(slots, line, strict=True)
        for n in range(3)
    ]
    try:
        PriceStore(database).save(HOME, prices, tape.first)
        ReadingStore(database).save(HOME, readings)
    finally:
        database.close()


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
    assert '"2026-01-09 00:00"' in html, "what 8 January saved is known at its end"


@pytest.mark.parametrize("words", [[], ["none.csv"], ["house.csv", "--stored"], ["house.csv", "--zone", "Nowhere/At_all"]])
def test_what_cannot_be_replayed_is_said_in_one_sentence(words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, fortnight(2))

    found = CliRunner().invoke(cli, ["backtest", *words])

    assert isinstance(found.exception, InvalidInputError)


def test_the_stored_history_is_replayed_in_the_house_and_by_the_rules_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)
    keep("sqlite:///battery_optimizer.db", fortnight(4))
    house = {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_BATTERY__CAPACITY_KWH": "4", "OPTIMIZER_RULES__CHARGE_BELOW": "9"}
    words = ["backtest", "--stored", "--start", "2026-01-08T18:00:00", "--end", "2026-01-09T00:00:00", "--no-bounds"]

    found = CliRunner().invoke(cli, [*words, "--workers", "1"], env=house)
    refused = CliRunner().invoke(cli, [*words, "--capacity", "10", "--import-limit", "15", "--sell-above", "0.3"], env=house)

    assert found.exit_code == 0, found.output
    with (tmp_path / "backtest" / "reactive_rules.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["stored_start_kwh"]) == 2, "half of the house's battery"
    assert {row["mode"] for row in rows} == {"force_charge"}, "every price is one to charge at"
    assert isinstance(refused.exception, InvalidInputError)
    assert str(refused.exception).endswith("leave out --capacity, --import-limit, --sell-above")
