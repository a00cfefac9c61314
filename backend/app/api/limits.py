"""Requests have an end: a body above the limit is refused before it is read into memory, and so is one too many at once."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem

MOST_BYTES = 4_000_000
"""A week of 10-second readings of six quantities fits."""
MOST_HELD_BYTES = 32_000_000
"""Of all bodies that are being read or waited with."""
AGAIN_S = 5


@dataclass(slots=True)
class _Body:
    parts: list[bytes]
    size: int = 0

    @property
    def whole(self) -> bytes:
        return b"".join(self.parts)


class BodyLimit:
    """Refuses bodies that are too large, whatever their headers say."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES, most_held_bytes: int = MOST_HELD_BYTES) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.most_held_bytes = most_held_bytes
        self.held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then pass it on whole; of a caller that went away in the middle, nothing."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "DELETE", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        body = _Body([])
        try:
            if await self._read(body, receive):
                refusal = self._refusal(body)
                await (refusal(scope, receive, send) if refusal else self.app(scope, _replay(body.whole, receive), send))
        finally:
            self.held_bytes -= body.size

    async def _read(self, body: _Body, receive: Receive) -> bool:
        """Read to the end or a limit; return whether the caller is still there."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            part = message.get("body", b"")
            body.parts.append(part)
            body.size += len(part)
            self.held_bytes += len(part)
            if self._refusal(body) or not message.get("more_body", False):
                return True

    def _refusal(self, body: _Body) -> ASGIApp | None:
        if body.size > self.most_bytes:
            detail = f"the body is larger than {self.most_bytes} bytes; send it in parts"
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
        if self.held_bytes > self.most_held_bytes:
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "too much is being sent at once; send it again a little later")
            answer.headers["Retry-After"] = str(AGAIN_S)
            return answer
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
