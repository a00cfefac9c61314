"""The doctor compares Home Assistant's clock and money with the document's."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from typer.testing import Result

from app.cli.doctor import _old

type Run = Callable[..., Result]


class _HomeAssistant(BaseHTTPRequestHandler):
    """Answers /api/config; it has no entity."""

    config: dict[str, str] | None = None

    def do_GET(self) -> None:
        is_config = self.path == "/api/config"
        body = json.dumps(self.config if is_config else {"message": "Entity not found."}).encode()
        self.send_response(200 if is_config else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def told() -> Iterator[Callable[..., dict[str, str]]]:
    class Here(_HomeAssistant):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Here) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        def telling(**config: str) -> dict[str, str]:
            Here.config = {"state": "RUNNING", "version": "2025.4.4"} | config
            return {
                "OPTIMIZER_HOME_ASSISTANT__URL": f"http://127.0.0.1:{server.server_port}",
                "OPTIMIZER_HOME_ASSISTANT__TOKEN": "secret",
            }

        yield telling
        server.shutdown()


def lines(found: Result) -> list[str]:
    return [each for each in found.output.splitlines() if "home assistant" in each]


def test_one_in_another_zone_and_currency_is_doubted(run: Run, told: Callable[..., dict[str, str]]) -> None:
    found = lines(run("doctor", **told(time_zone="Europe/Stockholm", currency="SEK")))

    assert any("its time zone is Europe/Stockholm, the document's place.time_zone Europe/London" in each and "✗" in each for each in found)
    assert any("its currency is SEK, the document's place.currency GBP" in each for each in found)


@pytest.mark.parametrize("config", [{"time_zone": "Europe/London", "currency": "GBP"}, {"time_zone": "Europe/London"}])
def test_one_that_agrees_or_says_nothing_is_not(run: Run, told: Callable[..., dict[str, str]], config: dict[str, str]) -> None:
    (found,) = lines(run("doctor", **told(**config)))

    assert "✓" in found


def test_the_field_that_is_missing_is_named(run: Run, told: Callable[..., dict[str, str]]) -> None:
    (found,) = lines(run("doctor", **told(currency="GBP")))

    assert "time_zone: Field required" in found


@pytest.mark.parametrize(("age_s", "words"), [(-0.4, "0 s old"), (0.2, "0 s old"), (12.0, "12 s old"), (-60.0, "60 s ahead")])
def test_no_age_is_less_than_nothing(age_s: float, words: str) -> None:
    assert _old(age_s) == words
