"""What a service stands on that tests break: an Octopus, a database, and as much of Home Assistant as it asks for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.served_octopus import ServedOctopus
from tests.stack.mariadb import MariaDb
from tests.stack.real_input import settings
from tests.stack.service import RunningService, service

DATABASE = "faults"
NUMBERS = {"sensor.battery_soc": ("50", "%"), "sensor.pv_power_now": ("1200", "W"), "sensor.load_power": ("600", "W")}


class StubHome:
    """As much of Home Assistant's API as the service asks for, with states a test can spoil."""

    def __init__(self) -> None:
        self.states = dict(NUMBERS)
        self.url = ""

    def address(self) -> dict[str, str]:
        return {"OPTIMIZER_HOME_ASSISTANT__URL": self.url, "OPTIMIZER_HOME_ASSISTANT__TOKEN": "any"}

    @contextmanager
    def serving(self) -> Iterator["StubHome"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_HomeHandler,), {"home": self}))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _HomeHandler(BaseHTTPRequestHandler):
    home: StubHome
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        entity = self.path.rpartition("/")[2]
        stamp = datetime.now(UTC).isoformat()
        if self.path.startswith("/api/history/"):
            self._send(200, [])
        elif entity not in self.home.states:
            self._send(404, {"message": "Entity not found."})
        else:
            state, unit = self.home.states[entity]
            self._send(200, {"entity_id": entity, "state": state, "attributes": {"unit_of_measurement": unit}, "last_updated": stamp})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing."""

    def _send(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """An Octopus, an empty database, and where a service can be started on them."""

    octopus: ServedOctopus
    database: MariaDb
    folder: Path

    @contextmanager
    def served(self, **more: str) -> Iterator[RunningService]:
        given = settings(self.octopus, self.database.url(DATABASE)) | more
        with service(self.folder, given) as running:
            yield running

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Return how many rows a table has."""
        return int(self.database.execute(f"SELECT COUNT(*) FROM {DATABASE}.{table} WHERE {where}")[0][0])  # noqa: S608  (our names)

    def ids(self) -> list[str]:
        """Return the ids of all decisions in the order they were made."""
        return [row[0] for row in self.database.execute(f"SELECT id FROM {DATABASE}.decisions ORDER BY decided_at")]  # noqa: S608

    def whole(self) -> None:
        """Assert that every decision from a plan has it, every plan all its steps, and nothing stands twice."""
        ids = self.ids()
        assert len(ids) == len(set(ids))
        orphans = self.database.execute(
            f"SELECT d.id FROM {DATABASE}.decisions d LEFT JOIN {DATABASE}.plans p ON p.id = d.plan_id "  # noqa: S608
            "WHERE d.plan_id IS NOT NULL AND p.id IS NULL"
        )
        assert orphans == []
        steps = self.database.execute(
            f"SELECT p.id, COUNT(s.start) FROM {DATABASE}.plans p LEFT JOIN {DATABASE}.plan_steps s ON s.plan_id = p.id GROUP BY p.id"  # noqa: S608
        )
        assert all(count >= 2 for _, count in steps), steps
