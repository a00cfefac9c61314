"""The document tells the truth: its examples run, its errors are problem documents."""

from typing import Any

from tests.served_app import NOON, Served, served

LOCKED = {
    "/api/v1/devices/enroll": 403,
    "/api/v1/devices/renew": 403,
    "/api/v1/devices/{device}/commands": 404,
    "/api/v1/devices/{device}/claim": 404,
}
"""No example can hold a code that still works, a fresh signature, or a device that has appeared: these are understood and denied."""
PATHS = {"{slot}": "2026-01-15T14:00:00Z", "{site}": "mill", "{name}": "home_assistant"}
NEW, SEEN = {"If-None-Match": "*"}, {"If-Match": '"1"'}
HEADERS = {"PUT /api/v1/sites/{site}": NEW, "PATCH /api/v1/sites/{site}": SEEN}


def examples(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return method, path and every example body of the requests that have a body."""
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                (content,) = operation["requestBody"]["content"].values()
                shape = content["schema"]
                shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
                bodies = shape.get("examples", [])
                assert bodies, f"{method} {path} shows no example"
                found += [(method.upper(), path, body) for body in bodies]
    return found


def test_every_example_of_a_request_runs() -> None:
    with served(authority=True) as running:
        running.clock.now = NOON.replace(month=1, day=15, hour=14)
        running.client.post("/api/v1/prices/refresh")
        named = PATHS | {"{decision_id}": running.client.get("/api/v1/recommendation/now").json()["decision_id"]}
        found = examples(running.app.openapi())
        assert len(found) >= 5
        for method, path, body in found:
            real = path
            for name, value in named.items():
                real = real.replace(name, value)
            reply = running.client.request(method, real, json=body, headers=HEADERS.get(f"{method} {path}"))
            assert reply.status_code == LOCKED.get(path, 200), (method, path, reply.text)


def test_every_operation_tells_its_problems(alive: Served) -> None:
    for path, methods in alive.app.openapi()["paths"].items():
        for operation in methods.values():
            assert operation["responses"]["422"]["content"].keys() == {"application/problem+json"}, path
            assert operation["summary"]
            assert operation["description"]


def test_instants_leave_as_zulu(alive: Served) -> None:
    told = alive.client.get("/api/v1/recommendation/now").json()
    assert all(told[name].endswith("Z") for name in ("slot_start", "slot_end", "decided_at", "valid_until"))
