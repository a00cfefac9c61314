"""A stranger brings the past in: a file, Octopus consumption, Home Assistant's statistics."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result
from websockets.sync.server import ServerConnection, serve

from app.cli.program import cli
from app.domain.errors import InvalidInputError, UnauthorizedError, UnavailableError
from app.domain.reading import Quantity
from app.domain.site import HOME
from app.storage.database import Database
from app.storage.readings import ReadingStore
from tests.services.octopus.served import RECORDED

type Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A shell in an empty folder with simulated prices."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)
    return lambda *words, **more: CliRunner().invoke(cli, words, env={"OPTIMIZER_TARIFF__SOURCE": "simulated"} | more)


def stored(quantity: Quantity = Quantity.LOAD_KW) -> list[float | None]:
    database = Database.open("sqlite:///battery_optimizer.db")
    try:
        now = datetime.now(UTC)
        return [each.value for each in ReadingStore(database).between(HOME, quantity, now - timedelta(days=999), now)]
    finally:
        database.close()


def test_a_file_is_brought_in_once_and_a_bad_one_changes_nothing(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"2026-03-0{1 + n // 24}T{n % 24:02}:00Z,{0.3 + n % 24 / 100}\n" for n in range(96))
    (tmp_path / "past.csv").write_text("time_utc,load_kwh\n" + rows)
    (tmp_path / "bad.csv").write_text("time_utc,load_kwh\n" + rows + "2026-03-09T00:00Z,much\n")

    first, again, bad = run("history", "import", "past.csv"), run("history", "import", "past.csv"), run("history", "import", "bad.csv")

    assert "96 intervals new, 2026-03-01 to 2026-03-05" in first.output
    assert "0 intervals new; 96 of 96 were measured already" in again.output
    assert isinstance(bad.exception, InvalidInputError)
    assert len(stored()) == 4 * 96


def test_what_is_more_than_the_fuse_bears_is_said_and_left_out(run: Run, tmp_path: Path) -> None:
    rows = [(f"2026-03-01T{n // 2:02}:{n % 2 * 30:02}:00Z", 0.3) for n in range(10)]
    rows[3] = rows[3][0], 300.0
    (tmp_path / "past.csv").write_text(
        "\ufeffConsumption (kwh), Start\n" + "".join(f"{kwh}, {start}\n" for start, kwh in rows), encoding="utf-8"
    )

    told = run("history", "import", "past.csv")

    assert told.exit_code == 0, told.output
    line = "past.csv, line 5, column consumption (kwh): 300 kWh in 30 minutes is 600 kW, and this house can draw 15 kW: left out"
    assert line in told.output.splitlines()
    assert "9 intervals new, 2026-03-01 to 2026-03-01; 0 of 10 were measured already; 1 impossible ones left out" in told.output
    assert len(stored()) == 2 * 9


def test_a_file_in_watt_hours_is_not_taken_for_kilowatt_hours(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"2026-03-01T{n:02}:00:00Z;{9 if n == 2 else 300 + n}\n" for n in range(24))
    (tmp_path / "wh.csv").write_text("time_utc;load_kwh\n" + rows)

    told = run("history", "import", "wh.csv")

    assert told.exit_code == 1
    assert "nothing of it was stored: is it in Wh and not in kWh?" in str(told.exception)
    assert "and 3 more" in told.output
    assert stored() == []


class _Octopus(BaseHTTPRequestHandler):
    """Serves the recorded pages of a meter."""

    def do_GET(self) -> None:
        page = parse_qs(urlsplit(self.path).query).get("page", ["1"])[0]
        body = (RECORDED / f"consumption_page_{page}.json").read_bytes()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def octopus() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Octopus) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/"
        server.shutdown()


def test_metered_consumption_becomes_the_load(run: Run, octopus: str) -> None:
    key = {"OPTIMIZER_TARIFF__SOURCE": "octopus", "OPTIMIZER_TARIFF__BASE_URL": octopus, "OPTIMIZER_TARIFF__API_KEY": "sk_live_x"}
    days = str((datetime.now(UTC) - datetime(2026, 5, 1, tzinfo=UTC)).days)
    meter = ("history", "octopus", "--mpan", "1200000000001", "--serial", "21E0000001", "--days", days)

    array = {"OPTIMIZER_SOLAR__PEAK_KW": "4", "OPTIMIZER_DATABASE__URL": "sqlite:///with_array.db"}
    told, with_array = run(*meter, **key), run(*meter, **key, **array)

    assert "4 intervals new, 2026-05-25" in told.output
    assert stored() == [0.0, 0.0, 0.2, 0.2, 0.246, 0.246, 0.374, 0.374]
    assert isinstance(with_array.exception, InvalidInputError)


def _home_assistant(line: ServerConnection) -> None:
    """Speaks Home Assistant's websocket as recorded from 2025.4, for a load with hourly means and a counter that was reset."""
    line.send(json.dumps({"type": "auth_required", "ha_version": "2025.4.4"}))
    if json.loads(line.recv()) != {"type": "auth", "access_token": "good"}:
        line.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token or password"}))
        return
    line.send(json.dumps({"type": "auth_ok", "ha_version": "2025.4.4"}))
    for text in line:
        asked = json.loads(text)
        entity, since = asked["statistic_ids"][0], int(datetime.fromisoformat(asked["start_time"]).timestamp() * 1000)
        rows = {
            "sensor.load_power": [{"start": since + n * 3_600_000, "end": since + (n + 1) * 3_600_000, "mean": 0.7} for n in range(3)],
            "sensor.counter": [{"start": since, "change": 0.4}, {"start": since + 3_600_000, "change": -812.0}],
        }
        if entity == "sensor.broken":
            line.send(json.dumps({"id": asked["id"], "type": "result", "success": False, "error": {"code": "x", "message": "no"}}))
        elif entity == "sensor.garbage":
            line.send("{]")
        else:
            result = {entity: rows[entity]} if entity in rows else {}
            line.send(json.dumps({"id": asked["id"], "type": "result", "success": True, "result": result}))


@pytest.fixture
def house() -> Iterator[str]:
    with serve(_home_assistant, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


def test_home_assistants_statistics_become_the_load(run: Run, house: str) -> None:
    found = {"OPTIMIZER_HOME_ASSISTANT__URL": house, "OPTIMIZER_HOME_ASSISTANT__TOKEN": "good"}

    told = run("history", "home-assistant", "--days", "3", **found)

    assert "sensor.load_power: 3 intervals new" in told.output
    assert stored() == [0.7] * 12


def test_a_counter_that_was_reset_leaves_a_gap(run: Run, house: str) -> None:
    found = {"OPTIMIZER_HOME_ASSISTANT__URL": house, "OPTIMIZER_HOME_ASSISTANT__TOKEN": "good"}

    run("history", "home-assistant", "--days", "3", "--load", "sensor.counter", **found)

    assert stored() == [0.4] * 4


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        (("bad", "sensor.load_power"), UnauthorizedError, "refused"),
        (("good", "sensor.unheard_of"), UnavailableError, "keeps no statistics of sensor.unheard_of"),
        (("good", "sensor.broken"), UnavailableError, "no"),
        (("good", "sensor.garbage"), UnavailableError, "makes no sense"),
    ],
)
def test_what_home_assistant_will_not_say_is_named(run: Run, house: str, asked: tuple[str, str], error: type[Exception], told: str) -> None:
    token, entity = asked
    found = {"OPTIMIZER_HOME_ASSISTANT__URL": house, "OPTIMIZER_HOME_ASSISTANT__TOKEN": token}

    result = run("history", "home-assistant", "--load", entity, **found)

    assert isinstance(result.exception, error)
    assert told in str(result.exception)


def test_a_home_assistant_that_is_away_or_unnamed_is_said(run: Run) -> None:
    nobody = {"OPTIMIZER_HOME_ASSISTANT__URL": "http://127.0.0.1:9", "OPTIMIZER_HOME_ASSISTANT__TOKEN": "good"}
    away = run("history", "home-assistant", **nobody)

    assert isinstance(away.exception, UnavailableError)
    none = run("history", "home-assistant", OPTIMIZER_DATABASE__URL="sqlite:///none.db")
    assert isinstance(none.exception, InvalidInputError)
