"""The door: how many connections there are at once, and how long a caller may take to say what it wants and to read the answer."""

import asyncio
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

type Phase = Literal["silent", "sending", "answered"]

HEAD_S = 10.0
"""From the connection, or the answer before, to the end of a request's header. Browsers send it in one piece."""
BODY_S = 30.0
"""For a whole body; the largest needs 130 kB/s."""
READ_S = 30.0
"""How long a caller may take nothing of an answer that waits for it."""


class Door(H11Protocol):
    """A connection of a caller. When there are more than `limit_concurrency` allows, the one goes that has been silent longest."""

    head_s, body_s, read_s = HEAD_S, BODY_S, READ_S
    phase: Phase = "silent"
    since = 0.0
    _seen: object = None
    _end: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait for a request, and make room where too many do."""
        super().connection_made(transport)
        self._enter("silent")
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        for timer in (self._end, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See how far the request has come."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request of the same connection."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Wait for the caller to read, not for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.read_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with a caller that reads again."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def shutdown(self) -> None:
        """Let an answer that is being made go out; a request that is not complete is not waited for."""
        if self.phase == "sending":
            self.transport.abort()
        else:
            super().shutdown()

    def _look(self) -> None:
        """Note another phase, or the same one of another request; each has one end, however many pieces come before it."""
        cycle = self.cycle
        phase: Phase = "silent" if cycle is None or cycle.response_complete else "sending" if cycle.more_body else "answered"
        if (phase, cycle) != (self.phase, self._seen):
            self._seen = cycle
            self._enter(phase)

    def _enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, self.loop.time()
        if self._end is not None:
            self._end.cancel()
        patience_s = {"silent": self.head_s, "sending": self.body_s}.get(phase)
        self._end = None if patience_s is None else self.loop.call_later(patience_s, self.transport.abort)

    def _make_room(self) -> None:
        """End who has kept us waiting longest for a request; where all are being answered, the newest."""
        others: list[Any] = [each for each in self.connections if each is not self]
        waiting = [each for each in others if isinstance(each, Door) and each.phase != "answered"]
        victim = min(waiting, key=lambda each: (each.phase != "silent", each.since), default=self)
        self.connections.discard(victim)
        victim.transport.abort()
