import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.program import cli, out
from tests.served_octopus import FORTNIGHT, ServedOctopus, load, serving

type Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A shell in an empty folder with simulated prices; `run("plan", OPTIMIZER_X="…")`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 260)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)

    def invoke(*words: str, **more: str) -> Result:
        given = {"OPTIMIZER_TARIFF__SOURCE": "simulated"} | more
        return CliRunner().invoke(cli, words, env=given)

    return invoke


@pytest.fixture
def octopus() -> Iterator[dict[str, str]]:
    """Settings of a house whose prices a real server publishes."""
    with serving(ServedOctopus(load(FORTNIGHT))) as served:
        yield {"OPTIMIZER_TARIFF__SOURCE": "octopus", "OPTIMIZER_TARIFF__BASE_URL": served.url}
