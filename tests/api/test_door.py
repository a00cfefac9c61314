"""No caller keeps the door: who says nothing, or never all of it, or never reads, is ended, and the others come in."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from app.api.door import Door
from app.api.limits import BodyLimit
from app.cli.serving import KEPT_HANDLES, LEAST_CONNECTIONS, MOST_CONNECTIONS, configured, connections
from app.config.service import ApiSettings
from tests.page.demo import free_port

PATIENCE_S = 60.0
LARGE = b"x" * 50_000_000


class Hasty(Door):
    """Waits for hardly anything."""

    head_s = body_s = read_s = 0.3


class Patient(Door):
    """Waits for anything."""

    head_s = body_s = read_s = 3600.0


class Opened:
    """A served app that notes the bodies it was given."""

    def __init__(self, door: type[Door], most: int, proxies: tuple[str, ...] = ()) -> None:
        self.bodies: list[bytes] = []
        self.port = free_port()
        api = ApiSettings(port=self.port, trusted_proxies=proxies)
        config = configured(self._app(), api, most)
        config.http = door
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.add_middleware(BodyLimit)
        app.add_api_route("/live", lambda: "alive")
        app.add_api_route("/large", lambda: Response(LARGE))
        app.add_api_route("/from", self._host)
        app.add_api_route("/take", self._take, methods=["POST"])
        return app

    async def _take(self, request: Request) -> None:
        self.bodies.append(await request.body())

    def _host(self, request: Request) -> str:
        return request.client.host if request.client else ""

    def connected(self, sent: bytes = b"") -> socket.socket:
        caller = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        caller.sendall(sent)
        return caller

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=PATIENCE_S, trust_env=False)


@contextmanager
def opened(door: type[Door], most: int = 64, proxies: tuple[str, ...] = ()) -> Iterator[Opened]:
    found = Opened(door, most, proxies)
    found.thread.start()
    while not found.server.started:
        assert found.thread.is_alive()
    try:
        yield found
    finally:
        found.server.should_exit = True
        found.thread.join(PATIENCE_S)


def is_ended(caller: socket.socket) -> bool:
    """Wait until nothing more comes; a caller that is still connected makes it raise."""
    with caller, contextlib.suppress(ConnectionResetError):
        while caller.recv(65536):
            pass
    return True


BODY = b"POST /take HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET /li", BODY, BODY + b"half"], ids=["nothing", "half a header", "no body", "half a body"])
def test_who_does_not_say_all_of_it_is_ended_and_nothing_of_it_is_taken(sent: bytes) -> None:
    with opened(Hasty) as door:
        assert is_ended(door.connected(sent))
        assert door.get("/live").is_success
    assert door.bodies == []


def test_pieces_now_and_then_make_the_end_no_later() -> None:
    with opened(Hasty) as door, door.connected(b"GET /live HTTP/1.1\r\n") as caller, pytest.raises(ConnectionError):  # noqa: PT012 - until
        while True:
            caller.sendall(b"X-More: 1\r\n")
            threading.Event().wait(0.05)


def test_the_second_request_of_a_connection_has_its_end_too() -> None:
    with opened(Hasty) as door:
        assert is_ended(door.connected(b"GET /live HTTP/1.1\r\nHost: here\r\n\r\nGET /li"))


def test_who_does_not_read_is_ended() -> None:
    with opened(Hasty) as door:
        caller = door.connected(b"GET /large HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        while not door.server.server_state.connections:
            assert door.thread.is_alive()
        while door.server.server_state.connections:
            assert door.thread.is_alive()
        caller.close()


def test_silent_callers_make_room_for_one_who_asks() -> None:
    with opened(Patient, most=8) as door, contextlib.ExitStack() as held:
        silent = [held.enter_context(door.connected()) for _ in range(40)]
        assert door.get("/live").is_success
        assert len(door.server.server_state.connections) <= 8
        assert is_ended(silent[0])


def test_half_a_request_does_not_hold_up_the_end() -> None:
    with opened(Patient) as door:
        door.server.config.timeout_graceful_shutdown = None
        callers = [door.connected(sent) for sent in (b"", b"GET /li", BODY + b"half")]
        while len(door.server.server_state.tasks) < 1:
            assert door.thread.is_alive()
        door.server.should_exit = True
        door.thread.join(PATIENCE_S)
        assert not door.thread.is_alive()
        assert all(is_ended(each) for each in callers)


@pytest.mark.parametrize(("proxies", "seen"), [((), "127.0.0.1"), (("10.0.0.0/8",), "127.0.0.1"), (("127.0.0.1/32",), "203.0.113.9")])
def test_forwarded_addresses_are_believed_of_named_proxies_only(proxies: tuple[str, ...], seen: str) -> None:
    with opened(Door, proxies=proxies) as door:
        assert door.get("/from", {"X-Forwarded-For": "203.0.113.9"}).json() == seen


def test_callers_get_half_of_the_handles_that_the_service_leaves() -> None:
    assert [connections(each) for each in (16, KEPT_HANDLES + 64, 100_000)] == [LEAST_CONNECTIONS, 32, MOST_CONNECTIONS]
