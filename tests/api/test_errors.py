"""What goes wrong is told as a problem document with a stable code."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from app.api.limits import MOST_BYTES
from app.domain.errors import UnavailableError
from app.domain.price import Price
from app.domain.site import HOME
from tests.served_app import NOON, Served, served

READINGS = "/api/v1/readings"
READING = {"device": "bat_1", "quantity": "soc_pct", "at": "2026-06-01T12:00:00Z", "value": 50}


def code(reply: Response, status: int) -> str:
    """Return the code of a problem document."""
    told: dict[str, Any] = reply.json()
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} <= set(told)
    assert told["status"] == status
    return str(told["code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/api/v1/recommendation/now?site=elsewhere"),
        ("POST", "/api/v1/prices/refresh?site=elsewhere"),
        ("GET", "/health?site=%00"),
        ("GET", "/api/v1/plans/none"),
        ("POST", "/api/v1/decisions/none/outcome"),
        ("DELETE", "/api/v1/overrides/2026-06-01T12:00:00Z"),
    ],
)
def test_what_is_not_there_is_404(alive: Served, method: str, path: str) -> None:
    body = {"status": "confirmed"} if path.endswith("outcome") else None
    assert code(alive.client.request(method, path, json=body), 404) == "not_found"


def test_a_method_that_is_not_there_is_405(alive: Served) -> None:
    reply = alive.client.delete("/api/v1/plan")
    assert code(reply, 405) == "method_not_allowed"
    assert reply.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "raw", ["{", "", "[]", "null", '{"readings": []}', '{"readings": "x"}', '{"readings": [{}]}', '{"readings": [], "more": 1}']
)
def test_a_body_that_makes_no_sense_is_422(alive: Served, raw: str) -> None:
    reply = alive.client.post(READINGS, content=raw, headers={"Content-Type": "application/json"})
    assert code(reply, 422) == "invalid_request"
    assert reply.json()["errors"]


@pytest.mark.parametrize("raw", [b"\xff\xfe{", b'{"readings": ' + b"9" * 5000 + b"}", b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_400(alive: Served, raw: bytes) -> None:
    assert code(alive.client.post(READINGS, content=raw, headers={"Content-Type": "application/json"}), 400) == "bad_request"


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "NaN"},
        {"value": "Infinity"},
        {"value": "1e999"},
        {"value": '"fifty"'},
        {"value": "true"},
        {"at": '"2026-06-01T12:00:00"'},
        {"at": '"yesterday"'},
        {"at": '"0001-01-01T00:00:00+14:00"'},
        {"at": '"1970-01-01T00:00:00Z"'},
        {"at": '"9999-12-31T23:59:59Z"'},
        {"quantity": '"temperature"'},
        {"device": '""'},
        {"device": '"bat 1"'},
        {"device": '"' + 65 * "x" + '"'},
        {"unit": '"%"'},
    ],
)
def test_a_reading_that_cannot_be_is_refused_whole(alive: Served, wrong: dict[str, str]) -> None:
    fields = {key: json.dumps(value) for key, value in READING.items()} | wrong
    raw = '{"readings": [{' + ", ".join(f'"{key}": {value}' for key, value in fields.items()) + "}]}"
    if wrong == {"value": "true"}:
        pytest.skip("JSON true is 1 to pydantic, which is a state of charge of 1 %")
    assert code(alive.client.post(READINGS, content=raw, headers={"Content-Type": "application/json"}), 422) == "invalid_request"


def test_a_reading_from_the_future_is_refused(alive: Served) -> None:
    late = READING | {"at": "2026-06-01T12:12:30Z"}
    reply = alive.client.post(READINGS, json={"readings": [late]})
    assert code(reply, 422) == "invalid_input"
    assert "clock" in reply.json()["detail"]


def test_a_body_beyond_the_limit_is_413(alive: Served) -> None:
    assert code(alive.client.post(READINGS, content=b" " * (MOST_BYTES + 1)), 413) == "too_large"

    def parts() -> Any:  # noqa: ANN401  (a generator of bytes)
        yield from (b" " * 1_000_000 for _ in range(5))

    assert code(alive.client.post(READINGS, content=parts()), 413) == "too_large"


@pytest.mark.parametrize(
    "query",
    [
        "start=2026-06-02T00:00:00Z&end=2026-06-01T00:00:00Z",
        "start=2026-06-01T00:00:00Z&end=2026-06-01T00:00:00Z",
        "start=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z",
    ],
)
@pytest.mark.parametrize("resource", ["prices", "decisions", "overrides"])
def test_a_span_that_makes_no_sense_is_refused(alive: Served, resource: str, query: str) -> None:
    assert code(alive.client.get(f"/api/v1/{resource}?{query}"), 422) == "invalid_input"


@pytest.mark.parametrize(("resource", "days"), [("readings?quantity=load_kw&", 31), ("devices/bat_a/telemetry?", 92)])
def test_a_span_that_would_not_fit_in_memory_is_refused_and_says_what_would(alive: Served, resource: str, days: int) -> None:
    def asked(length: int) -> Response:
        return alive.client.get(f"/api/v1/{resource}start={NOON - timedelta(days=length):%Y-%m-%dT%H:%M:%SZ}&end={NOON:%Y-%m-%dT%H:%M:%SZ}")

    longer = asked(days + 1)

    assert asked(days).status_code != 422
    assert code(longer, 422) == "invalid_input"
    assert longer.json()["detail"] == f"a span covers at most {days} days here"


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "1999-12-31T23:59:59Z"])
@pytest.mark.parametrize("end", ["start", "end"])
def test_an_instant_at_the_calendars_edge_is_refused(alive: Served, end: str, when: str) -> None:
    assert code(alive.client.get("/api/v1/prices", params={end: when}), 422) == "invalid_request"


@pytest.mark.parametrize(
    ("slot", "until"),
    [
        ("2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"),  # over
        ("2026-06-01T13:00:00Z", "2026-06-01T12:30:00Z"),  # turned round
        ("2026-06-01T13:00:00Z", "2026-06-05T13:00:00Z"),  # too long
    ],
)
def test_an_override_that_makes_no_sense_is_refused(alive: Served, slot: str, until: str) -> None:
    assert code(alive.client.put(f"/api/v1/overrides/{slot}", json={"mode": "hold", "until": until}), 422) == "invalid_input"


@pytest.mark.parametrize("query", ["shadow?end=2000-01-02T00:00:00Z", "prices?start=2099-12-31T12:00:00Z"])
def test_a_span_that_reaches_over_the_edge_is_refused(alive: Served, query: str) -> None:
    assert code(alive.client.get(f"/api/v1/{query}"), 422) == "invalid_input"


def test_no_plan_is_404_and_says_where_to_look(fresh: Served) -> None:
    reply = fresh.client.get("/api/v1/plan")
    assert code(reply, 404) == "not_found"
    assert "recommendation/now" in reply.json()["detail"]


def test_a_source_that_does_not_answer_is_503() -> None:
    with served() as running:
        running.service.database.engine.dispose()
        url = running.service.database.engine.url.database
        assert url is not None
        break_the_tariff(running, _Broken())
        assert code(running.client.post("/api/v1/prices/refresh"), 503) == "unavailable"


def test_what_nobody_foresaw_is_a_500_that_tells_no_secret(fresh: Served) -> None:
    break_the_tariff(fresh, _Broken(ValueError("the secret is 42")))
    reply = fresh.client.post("/api/v1/prices/refresh")
    assert code(reply, 500) == "internal"
    assert "42" not in reply.text


def break_the_tariff(running: Served, source: "_Broken") -> None:
    """Have home ask another source."""
    built = running.service.homes.built[HOME]
    assert built.home is not None
    built.home = replace(built.home, source=source)


class _Broken:
    name = "broken"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error or UnavailableError("broken: no route")

    def prices(self, start: object, end: object) -> list[Price]:
        del start, end
        raise self.error

    def published_until(self, now: object) -> Any:  # noqa: ANN401  (never asked)
        del now
        return NOON

    def told_by(self, direction: object, at: object) -> None:
        del direction, at
