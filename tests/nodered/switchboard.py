"""Stands between Node-RED and the optimizer: notes what passes, and turns answers into nonsense when told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@dataclass
class Switchboard:
    """Where it listens, what to change in recommendations, and the readings that were pushed."""

    url: str
    changed: dict[str, Any] = field(default_factory=dict)
    readings: set[tuple[str, str, str]] = field(default_factory=set)
    posts: int = 0


@contextmanager
def switchboard(target: str) -> Iterator[Switchboard]:
    """Pass everything on to a target until the block ends; a target that is away is a closed connection."""
    with httpx.Client(base_url=target, timeout=30, trust_env=False) as http:

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._pass()

            def do_POST(self) -> None:
                self._pass()

            def do_PUT(self) -> None:
                self._pass()

            def do_DELETE(self) -> None:
                self._pass()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
                pass

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                kept = {name: self.headers[name] for name in ("authorization", "content-type") if self.headers.get(name)}
                try:
                    reply = http.request(self.command, self.path, content=body, headers=kept)
                except httpx.TransportError:
                    self.close_connection = True
                    return
                if self.command == "POST" and self.path.startswith("/api/v1/readings") and reply.is_success:
                    board.posts += 1
                    board.readings |= {(each["device"], each["quantity"], each["at"]) for each in json.loads(body)["readings"]}
                content = reply.content
                if board.changed and "/recommendation/now" in self.path:
                    content = json.dumps(reply.json() | board.changed).encode()
                self.send_response(reply.status_code)
                self.send_header("content-type", reply.headers.get("content-type", "application/json"))
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        board = Switchboard(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield board
        finally:
            server.shutdown()
            server.server_close()
