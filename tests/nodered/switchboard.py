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
from tests.stack.executor import Json, told_of_house

QUIET_S = 0.3
PASSED, ANSWERED = ("authorization", "content-type", "if-none-match"), ("content-type", "etag")
"""Headers that are handed on, there and back."""


@dataclass
class Switchboard:
    """Where it listens, what to change in recommendations, and the readings and outcomes that were pushed; `away` answers nothing."""

    url: str
    told: Json | None
    """What the flow is told of the house it executes in; without it, what the optimizer tells."""
    changed: dict[str, Any] = field(default_factory=dict)
    readings: set[tuple[str, str, str]] = field(default_factory=set)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    handed: list[dict[str, Any]] = field(default_factory=list)
    """Recommendations as they were told to a tick; the dashboard's do not count."""
    described: list[tuple[str, int]] = field(default_factory=list)
    """What the flow asked of its house, and the status of the answer."""
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

    def note(self, method: str, path: str, body: bytes) -> None:
        """Remember what the optimizer accepted."""
        if method != "POST":
            return
        if path.startswith("/api/v1/readings"):
            self.posts += 1
            self.asker.readings_taken()
            self.readings |= {(each["device"], each["quantity"], each["at"]) for each in json.loads(body)["readings"]}
        elif "/outcome" in path:
            self.outcomes.append({"decision_id": path.split("/")[-2]} | json.loads(body))

    def recommended(self, content: bytes, *, tick: bool) -> bytes:
        """Return a recommendation as it is handed on."""
        told = json.loads(content) | self.changed
        if tick:
            self.handed.append(told)
        return json.dumps(told).encode()


@contextmanager
def switchboard(target: str, told: Json) -> Iterator[Switchboard]:
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
                if board.told is not None and (described := told_of_house(board.told, self.path, self.headers.get("if-none-match"))):
                    board.described.append((self.path, described[0]))
                    self._reply(*described)
                    return
                board.plans += self.path.startswith("/api/v1/plan")
                asks = "/recommendation/now" in self.path
                ticks = asks and board.asker.is_tick()
                kept = {name: self.headers[name] for name in PASSED if self.headers.get(name)}
                try:
                    reply = http.request(self.command, self.path, content=body, headers=kept)
                except httpx.TransportError:
                    self.close_connection = True
                    return
                content = reply.content
                if reply.is_success:
                    board.note(self.command, self.path, body)
                    content = board.recommended(content, tick=ticks) if asks else content
                self._reply(reply.status_code, {name: reply.headers[name] for name in ANSWERED if name in reply.headers}, content)

            def _reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                with suppress(ConnectionError):  # Node-RED was stopped while it waited
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815  (the base class names them)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        board = Switchboard(url=f"http://127.0.0.1:{server.server_port}", told=dict(told))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield board
        finally:
            server.shutdown()
            server.server_close()
