"""The real service as a process of its own: `battery-optimizer serve` with its settings in the environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.stack.home_assistant import free_port, until

START_LIMIT_S = 40.0
STOP_LIMIT_S = 25.0
TOKEN = "stack-tests-admin-token-of-good-length"  # noqa: S105
ANSWER_LIMIT_S = 30.0


@dataclass
class RunningService:
    """A service process and a client of it."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    log: Path

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return what a route that answers says."""
        reply = self.http.get(path, params=params)
        assert reply.status_code == 200, (path, reply.status_code, reply.text, self.said())
        told: dict[str, Any] = reply.json()
        return told

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        """Return what a route that takes something says."""
        reply = self.http.post(path, json=body)
        assert reply.is_success, (path, reply.status_code, reply.text, self.said())
        told: dict[str, Any] = reply.json()
        return told

    def now(self) -> dict[str, Any]:
        """Return the recommendation."""
        return self.get("/api/v1/recommendation/now")

    def health(self) -> dict[str, str]:
        """Return `status: detail` of every component, and the HTTP status as `http`."""
        reply = self.http.get("/health")
        told = {each["name"]: f"{each['status']}: {each['detail']}" for each in reply.json()["components"]}
        return told | {"http": str(reply.status_code)}

    def said(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-3000:]

    def terminate(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.terminate()
        return self.process.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_LIMIT_S)


@contextmanager
def service(folder: Path, settings: Mapping[str, str], *, host: str = "127.0.0.1") -> Iterator[RunningService]:
    """Serve until the block ends. Beyond loopback an admin token is set and used."""
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "service.out"
    given = {"OPTIMIZER_API__HOST": host, "OPTIMIZER_API__PORT": str(port), **settings}
    given |= {} if host == "127.0.0.1" else {"OPTIMIZER_API__ADMIN_TOKEN": TOKEN}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPTIMIZER_")}
    with log.open("ab") as out:
        process = subprocess.Popen([program(), "serve"], cwd=folder, env=clean | given, stdout=out, stderr=subprocess.STDOUT)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=ANSWER_LIMIT_S, trust_env=False) as http:
        running = RunningService(process=process, http=http, log=log)
        try:
            until(lambda: _answers(running), START_LIMIT_S, "the service answers")
            yield running
        finally:
            if process.poll() is None:
                running.kill()


def program() -> str:
    """Return the command line program beside this Python."""
    return str(Path(sys.executable).with_name("battery-optimizer"))


def _answers(running: RunningService) -> bool:
    if running.process.poll() is not None:
        raise RuntimeError(f"the service ended by itself:\n{running.said()}")
    try:
        return running.http.get("/live").is_success
    except httpx.TransportError:
        return False
