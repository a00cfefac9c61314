"""Turns: what costs processor or memory is done a few at a time; who comes when too many wait is told when to come again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem

SOLVES = frozenset({("POST", "/api/v1/optimize")})
LOOKS = frozenset(
    ("GET", f"/api/v1/{path}")
    for path in ("audit", "dashboard", "decisions", "forecast-quality", "prices", "readings", "savings", "shadow")
)
"""And the telemetry of devices. What is asked to act on, and the state of health, wait for none of them."""
TELEMETRY = "/telemetry"
ASKS = ("/api/v1/", "/health", "/metrics")
ASKS_AT_ONCE = 12
"""Every other question: less than the database has connections, so that decisions find one, however many ask."""
PATIENCE_S = 10.0


class CrowdedError(Exception):
    """Too many wait, or the turn did not come in time."""


@dataclass(slots=True)
class Turns:
    """So many at once, so many waiting."""

    at_once: int
    most_waiting: int
    patience_s: float = PATIENCE_S
    free: asyncio.Semaphore = field(init=False)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.free = asyncio.Semaphore(self.at_once)

    async def take(self) -> None:
        """Wait for a turn, which is given back by `free.release`.

        Raises:
            CrowdedError: it will not come, or not in time.
        """
        if self.free.locked() and self.waiting >= self.most_waiting:
            raise CrowdedError
        with self._counted():
            try:
                async with asyncio.timeout(self.patience_s):
                    await self.free.acquire()
            except TimeoutError as error:
                raise CrowdedError from error

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1


class InTurn:
    """Has heavy requests wait for their turn, each kind for its own."""

    def __init__(self, app: ASGIApp, *, solves: Turns | None = None, looks: Turns | None = None, asks: Turns | None = None) -> None:
        self.app = app
        self.asks = asks or Turns(at_once=ASKS_AT_ONCE, most_waiting=200)
        self.solves = solves or Turns(at_once=1, most_waiting=8)
        self.looks = looks or Turns(at_once=2, most_waiting=32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on in its turn."""
        turns = self._of(scope)
        if turns is None:
            await self.app(scope, receive, send)
            return
        try:
            await turns.take()
        except CrowdedError:
            await _later(turns.patience_s)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            turns.free.release()

    def _of(self, scope: Scope) -> Turns | None:
        if scope["type"] != "http":
            return None
        method, path = scope["method"], scope["path"].rstrip("/")
        if (method, path) in SOLVES:
            return self.solves
        if (method, path) in LOOKS or path.endswith(TELEMETRY):
            return self.looks
        return self.asks if method == "GET" and path.startswith(ASKS) else None


def _later(wait_s: float) -> ASGIApp:
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "too many ask for this at once; ask again a little later")
    answer.headers["Retry-After"] = str(max(1, round(wait_s)))
    return answer
