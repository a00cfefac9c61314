"""Stands between Node-RED and the optimizer: notes what passes, and turns answers into nonsense when told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.stack.asker import Asker

QUIET_S = 0.3


@dataclass
class Switchboard:
    """Where it listens, what to change in recommendations, and the readings and outcomes that were pushed; `away` answers nothing."""

    url: str
    changed: dict[str, Any] = field(default_factory=dict)
    readings: set[tuple[str, str, str]] = field(default_factory=set)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    handed: list[dict[str, Any]] = field(default_factory=list)
    """Recommendations as they were told to a tick; the dashboard's do not count."""
    asker: Asker = field(default_factory=Asker)
    plans: int = 0
    """How often the dashboard, and nobody else, asked for the plan."""
    posts: int = 0
    away: bool = False
    open: int = 0
    last: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Count a request while it is under way."""
        with self.lock:
            self.open += 1
        try:
            yield
        finally:
            with self.lock:
                self.open -= 1
                self.last = time.monotonic()

    def quiet(self) -> bool:
        """Tell whether nothing is asked; a silence this long says that a round is over."""
        return self.open == 0 and time.monotonic() - self.last > QUIET_S

    def note(self, path: str, body: bytes) -> None:
        """Remember what the optimizer accepted."""
        if path.startswith("/api/v1/readings"):
            self.posts += 1
            self.asker.readings_taken()
            self.readings |= {(each["device"], each["quantity"], each["at"]) for each in json.loads(body)["readings"]}
        elif "/outcome" in path:
            self.outcomes.append({"decision_id": path.split("/")[-2]} | json.loads(body))


@contextmanager
def switchboard(target: str) -> Iterator[Switchboard]:
    """Pass everything on to a target until the block ends; a target that is away is a closed connection."""
    with httpx.Client(base_url=target, timeout=30, trust_env=False) as http:

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
                pass

            def _pass(self) -> None:
                with board.asked():
                    self._carry()

            def _carry(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if board.away:
                    self.close_connection = True
                    return
                board.plans += self.path.startswith("/api/v1/plan")
                asks = "/recommendation/now" in self.path
                ticks = asks and board.asker.is_tick()
                kept = {name: self.headers[name] for name in ("authorization", "content-type") if self.headers.get(name)}
                try:
                    reply = http.request(self.command, self.path, content=body, headers=kept)
                except httpx.TransportError:
                    self.close_connection = True
                    return
                if self.command == "POST" and reply.is_success:
                    board.note(self.path, body)
                content = reply.content
                if reply.is_success and asks:
                    told = reply.json() | board.changed
                    content = json.dumps(told).encode()
                    if ticks:
                        board.handed.append(told)
                self.send_response(reply.status_code)
                self.send_header("content-type", reply.headers.get("content-type", "application/json"))
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                with suppress(ConnectionError):  # Node-RED was stopped while it waited
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815  (the base class names them)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        board = Switchboard(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield board
        finally:
            server.shutdown()
            server.server_close()
