"""`battery-optimizer prices`: what it cannot fetch it says, with a code that a script sees."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.program import cli, main, out
from app.domain.errors import UnavailableError
from app.domain.price import Direction
from tests.served_octopus import FORTNIGHT, ServedOctopus, load, serving

type Run = Callable[..., Result]


@pytest.fixture
def octopus() -> Iterator[ServedOctopus]:
    with serving(ServedOctopus(load(FORTNIGHT))) as served:
        yield served


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, octopus: ServedOctopus) -> Run:
    """A shell in an empty folder of a house that buys and sells by Agile."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)
    of = {"SOURCE": "octopus", "EXPORT_PRODUCT": "AGILE-OUTGOING-19-05-13", "BASE_URL": octopus.url}
    for name, value in of.items():
        monkeypatch.setenv(f"OPTIMIZER_TARIFF__{name}", value)
    return lambda *words: CliRunner().invoke(cli, words)


def test_a_whole_answer_is_stored(run: Run) -> None:
    told = run("prices", "refresh")
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize("direction", list(Direction))
def test_a_direction_without_any_price_is_an_error_that_says_which(run: Run, octopus: ServedOctopus, direction: Direction) -> None:
    octopus.silent = "AGILE-24-10-01" if direction is Direction.IMPORT else "AGILE-OUTGOING-19-05-13"

    told = run("prices", "refresh")

    assert told.exit_code == 1
    assert isinstance(told.exception, UnavailableError)
    assert f"octopus E-1R-{octopus.silent}-C tells no {direction} price for now or later" in str(told.exception)


def test_nothing_at_all_is_an_error_of_the_command(
    run: Run, octopus: ServedOctopus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("prices", "refresh").exit_code == 0
    octopus.set_fault("empty")
    monkeypatch.setattr(sys, "argv", ["battery-optimizer", "prices", "refresh"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert "tells no import price" in " ".join(capsys.readouterr().err.split())


def test_import_and_export_swapped_are_refused_or_doubted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out, "width", 260)
    monkeypatch.setenv("OPTIMIZER_TARIFF__EXPORT_PRODUCT", "AGILE-24-10-01")
    doubted = run("doctor")
    assert doubted.exit_code == 1
    assert "AGILE-24-10-01 stands under export" in doubted.output
    assert "they may be swapped" in doubted.output

    monkeypatch.setenv("OPTIMIZER_DATABASE__URL", "sqlite:///another.db")
    monkeypatch.setenv("OPTIMIZER_TARIFF__IMPORT_PRODUCT", "AGILE-OUTGOING-19-05-13")
    refused = run("prices", "refresh")
    assert refused.exit_code == 1
    assert "what stands under import is for export by its own name" in str(refused.exception)
