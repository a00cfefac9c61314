"""Every exchange with a neighbour has an end and a size, whatever the neighbour does."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.services.bounded import MOST_BYTES, SIZE, BoundedClient, TooLargeError
from app.services.limits import within
from tests.drills.neighbour import Fault, Neighbour
from tests.stack.home_assistant import until

APP = Path(__file__).parents[2] / "backend/app"
SLOW = (Fault.HANG, Fault.DRIP, Fault.DRIP_BODY, Fault.SLOW_CONNECT)
QUICK_S = 0.4


@pytest.fixture
def neighbour() -> Iterator[Neighbour]:
    with Neighbour(lambda path: (200, path.encode()), drip_s=0.02).serving() as serving:
        yield serving


@pytest.fixture
def client(neighbour: Neighbour) -> Iterator[BoundedClient]:
    with BoundedClient(base_url=neighbour.url, exchange_s=QUICK_S) as asking:
        yield asking


def test_a_neighbour_that_is_well_is_read_as_ever(client: BoundedClient) -> None:
    for path in ("/one", "/two"):
        reply = client.get(path)
        assert (reply.status_code, reply.text, reply.headers["content-type"]) == (200, path, "application/json")


def _answers(client: BoundedClient) -> bool:
    try:
        return client.get("/again").text == "/again"
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("fault", SLOW)
def test_a_slow_neighbour_is_left_when_the_time_is_up(neighbour: Neighbour, client: BoundedClient, fault: Fault) -> None:
    neighbour.become(fault)
    with pytest.raises(httpx.TimeoutException):
        client.get("/", timeout=5)
    neighbour.become(Fault.NONE)
    until(lambda: _answers(client), 30, "it answers again")


def test_a_handshake_that_drips_is_left_when_the_time_is_up(neighbour: Neighbour) -> None:
    neighbour.become(Fault.SLOW_TLS)
    with (
        BoundedClient(base_url=neighbour.url.replace("http:", "https:"), exchange_s=QUICK_S) as client,
        pytest.raises(httpx.ConnectTimeout),
    ):
        client.get("/", timeout=5)


@pytest.mark.parametrize("fault", [Fault.FLOOD, Fault.PACKED])
def test_a_reply_without_end_is_refused(neighbour: Neighbour, fault: Fault) -> None:
    neighbour.become(fault)
    with BoundedClient(base_url=neighbour.url) as client, pytest.raises(TooLargeError, match=f"larger than {MOST_BYTES} bytes"):
        client.get("/")


@pytest.mark.parametrize("fault", [Fault.FLOOD_HEADERS, Fault.RESET, Fault.GARBAGE, Fault.REDIRECT])
def test_nonsense_is_an_error_of_the_transport_as_ever(neighbour: Neighbour, fault: Fault) -> None:
    neighbour.become(fault)
    with BoundedClient(base_url=neighbour.url, exchange_s=QUICK_S) as client, pytest.raises(httpx.HTTPError):
        client.get("/", follow_redirects=True)


def test_a_reply_that_was_agreed_to_be_larger_comes(neighbour: Neighbour) -> None:
    neighbour.answer = lambda _: (200, b"0" * (MOST_BYTES + 1))
    with BoundedClient(base_url=neighbour.url) as client:
        with pytest.raises(TooLargeError):
            client.get("/")
        assert len(client.get("/", extensions={SIZE: 2 * MOST_BYTES}).content) == MOST_BYTES + 1


def test_exchanges_share_the_limits_of_their_block(neighbour: Neighbour, client: BoundedClient) -> None:
    neighbour.answer = lambda _: (200, b"0" * 600)
    with within(60, 1000):
        client.get("/")
        with pytest.raises(TooLargeError):
            client.get("/")
    with within(0, 1000), pytest.raises(httpx.TimeoutException):
        client.get("/")
    assert len(client.get("/").content) == 600


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_packed_reply_is_unpacked_and_one_packed_twice_refused(neighbour: Neighbour, coding: str) -> None:
    neighbour.answer, neighbour.headers = lambda _: (200, gzip.compress(b"hello")), {"Content-Encoding": coding}
    with BoundedClient(base_url=neighbour.url) as client:
        if coding == "gzip":
            assert client.get("/").text == "hello"
        else:
            with pytest.raises(TooLargeError, match="more than once"):
                client.get("/")


def test_nobody_asks_a_neighbour_but_through_the_bounded_client() -> None:
    """A neighbour asked by another client would have neither an end nor a size."""
    asks = re.compile(r"(?:httpx\.(?:Client|AsyncClient|get|post|put|delete|request|stream)|urlopen|create_connection)\(")
    found = {f"{path.relative_to(APP)}: {each}" for path in APP.rglob("*.py") for each in asks.findall(path.read_text())}
    assert found == set()
