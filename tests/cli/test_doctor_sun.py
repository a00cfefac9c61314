"""The doctor asks who forecasts the sun, and doubts what cannot be."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app.cli.program import cli, out
from app.domain.roof import Plane, Roof
from app.forecasting.pv_model import clear_kw

type Run = Callable[..., Result]

ROOF = Roof(latitude=51.5, longitude=-0.12, planes=(Plane(kwp=1, tilt_deg=35, azimuth_deg=180),))


class _Sky(BaseHTTPRequestHandler):
    """Open-Meteo of the days around now: so many W/m² where a clear sky gives a roof its peak."""

    bright = 1000.0
    late_h = 0

    def do_GET(self) -> None:
        ends = datetime.now(UTC).timestamp() // 86400 * 86400 + 3600 * np.arange(-24, 96, dtype=np.float64)
        light = self.bright * clear_kw(ROOF, ends - 1800 - 3600 * self.late_h)
        hourly = {"time": ends.tolist(), "global_tilted_irradiance": light.tolist(), "temperature_2m": [10.0] * len(ends)}
        body = json.dumps({"hourly": hourly}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def sky() -> Iterator[type[_Sky]]:
    class Sky(_Sky):
        url = ""

    with ThreadingHTTPServer(("127.0.0.1", 0), Sky) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        Sky.url = f"http://127.0.0.1:{server.server_port}/v1/"
        yield Sky
        server.shutdown()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sky: type[_Sky]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 400)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)
    planes = json.dumps([{"kwp": 4, "tilt_deg": 35, "azimuth_deg": 180}])
    sun = {"SOURCE": "open_meteo", "PLANES": planes, "LATITUDE": "51.5", "LONGITUDE": "-0.12", "PEAK_KW": "4"}
    given = {f"OPTIMIZER_SOLAR__{name}": value for name, value in (sun | {"BASE_URL": vars(sky)["url"]}).items()}
    return lambda *words: CliRunner().invoke(cli, words, env={"OPTIMIZER_TARIFF__SOURCE": "simulated"} | given)


def line(told: Result) -> str:
    return next(each for each in told.output.splitlines() if "solar forecast (open-meteo)" in each)


def test_a_forecast_that_can_be_one_is_fine(run: Run) -> None:
    assert "✓" in line(run("doctor"))


@pytest.mark.parametrize(("bright", "late_h", "told"), [(0.0, 0, "a day with light: no forecast"), (1000.0, 12, "when it is night there")])
def test_what_cannot_be_a_forecast_is_doubted(run: Run, sky: type[_Sky], bright: float, late_h: int, told: str) -> None:
    sky.bright, sky.late_h = bright, late_h

    found = line(run("doctor"))

    assert "✗" in found
    assert told in found
