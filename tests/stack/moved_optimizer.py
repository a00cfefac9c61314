"""A house whose optimizer lives on a clock that a test moves, while Home Assistant and Node-RED live on the wall clock."""

import json
import re
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config.leftover import Leftover
from app.config.settings import Settings
from app.main import create_app
from app.wiring.service import Service, build, prepare
from tests.stack.asker import Asker
from tests.stack.executor import Json, fox, told_of_house
from tests.stack.home_assistant import free_port, until

INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
RECOMMENDATION = "/api/v1/recommendation/now"
START_LIMIT_S = 30.0
QUIET_S = 0.08
"""A flow asks one thing after the other; a silence this long says that it asked everything."""


@dataclass
class MovedClock:
    """The wall clock and an offset; what the optimizer takes for now."""

    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move_to(self, at: datetime) -> None:
        self.offset = at - datetime.now(UTC)


@dataclass
class ClockShift:
    """Between a flow on the wall clock and an app on a moved one: instants go forth in questions and back in answers. Notes both."""

    app: ASGIApp
    clock: MovedClock
    described: Json | None = field(default_factory=fox)
    """What a flow is told of the house it executes in; None for what the optimizer itself tells."""
    pushed: set[tuple[str, str, str]] = field(default_factory=set)
    """Readings that were accepted: device, quantity and instant as the optimizer knows it."""
    handed: list[dict[str, Any]] = field(default_factory=list)
    """Recommendations as the flow got them."""
    ticked: list[dict[str, Any]] = field(default_factory=list)
    """Those of them that a tick asked for."""
    asker: Asker = field(default_factory=Asker)
    open: int = 0
    last: float = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.open += 1
        try:
            await self._pass(scope, receive, send)
        finally:
            self.open -= 1
            self.last = time.monotonic()

    def quiet(self) -> bool:
        return self.open == 0 and time.monotonic() - self.last > QUIET_S

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        offset, body, answer = self.clock.offset, bytearray(), list[Message]()
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        seen = next((value.decode() for name, value in scope["headers"] if name == b"if-none-match"), None)
        if self.described is not None and (house := told_of_house(self.described, scope["path"], seen)):
            status, given, content = house
            more = [(name.encode(), value.encode()) for name, value in (given | {"content-length": str(len(content))}).items()]
            await send({"type": "http.response.start", "status": status, "headers": more})
            await send({"type": "http.response.body", "body": content})
            return
        asked = shifted(bytes(body), offset)
        ticks = scope["path"] == RECOMMENDATION and self.asker.is_tick()

        async def once() -> Message:
            return {"type": "http.request", "body": asked, "more_body": False}

        async def keep(message: Message) -> None:
            answer.append(message)

        path = shifted(scope["path"].encode(), offset).decode()
        query = shifted(unquote(scope["query_string"].decode()).encode(), offset)
        headers = [(name, value) for name, value in scope["headers"] if name not in {b"accept-encoding", b"content-length"}]
        sized = [*headers, (b"content-length", str(len(asked)).encode())] if asked else headers
        await self.app({**scope, "path": path, "query_string": query, "headers": sized}, once, keep)
        start = answer[0]
        told = b"".join(each.get("body", b"") for each in answer[1:])
        if any(name == b"content-type" and b"json" in value for name, value in start["headers"]):
            told = shifted(told, -offset)
        self._note(scope, start["status"], asked, told, ticks=ticks)
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send({**start, "headers": [*kept, (b"content-length", str(len(told)).encode())]})
        await send({"type": "http.response.body", "body": told})

    def _note(self, scope: MutableMapping[str, Any], status: int, asked: bytes, told: bytes, *, ticks: bool) -> None:
        if status >= 300:
            return
        if scope["method"] == "POST" and scope["path"] == "/api/v1/readings":
            self.asker.readings_taken()
            self.pushed |= {(each["device"], each["quantity"], each["at"]) for each in json.loads(asked)["readings"]}
        if scope["path"] == RECOMMENDATION:
            self.handed.append(json.loads(told))
            if ticks:
                self.ticked.append(self.handed[-1])


def shifted(text: bytes, by: timedelta) -> bytes:
    """Return a text with every UTC instant in it moved."""

    def move(found: re.Match[bytes]) -> bytes:
        return (datetime.fromisoformat(found[0].decode()) + by).isoformat().replace("+00:00", "Z").encode()

    return INSTANT.sub(move, text)


@dataclass(frozen=True, kw_only=True)
class MovedOptimizer:
    """A real service and app in this process; `shift` is what a flow talks to at `url`."""

    url: str
    clock: MovedClock
    service: Service
    shift: ClockShift


@contextmanager
def moved_optimizer(settings: Settings, clock: MovedClock, left: Leftover) -> Iterator[MovedOptimizer]:
    """Serve until the block ends. It makes no rounds by itself: the test has its time pass."""
    prepare(settings)
    service = build(settings, left=left, clock=clock)
    shift = ClockShift(create_app(service, make_rounds=False), clock)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(shift, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, name="optimizer", daemon=True)
    thread.start()
    try:
        until(lambda: server.started, START_LIMIT_S, "the optimizer serves")
        yield MovedOptimizer(url=f"http://127.0.0.1:{port}", clock=clock, service=service, shift=shift)
    finally:
        server.should_exit = True
        thread.join(10)
