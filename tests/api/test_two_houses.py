"""Sites are strangers to each other: a token of one house opens no door of another, whatever the route."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.api.security import sha256
from app.domain.access import KnownToken, Role
from app.domain.site import HOME, SiteId
from tests.api.test_access import OPEN
from tests.records import audit_entry
from tests.served_app import HOUSE, Served, bearer, served
from tests.telemetry import DONGLE

MILL = SiteId("mill")
THEIRS = {"Authorization": "Bearer " + "m" * 48}
OF_NO_HOUSE = {*OPEN, "/api/v1/optimize", "/api/v1/sites/schema"}
"""Doors with a lock of their own, what only computes, and what is the same for all."""
OWN_ONLY = {"/api/v1/sites"}
"""Names no house: it tells of those that the token is for."""


@pytest.fixture(scope="module")
def two() -> Iterator[Served]:
    """Home, with a device, a plan and a decision; and the mill, whose token is an admin's."""
    with served(tokens=True) as running:
        use, now = running.service.use, running.clock()
        use.describe.create(MILL, {**HOUSE, "id": MILL}, actor="test", now=now)
        use.provision.devices.note(DONGLE, now)
        use.provision.claim(HOME, DONGLE, title="", by="test", now=now)
        running.service.rounds.turn(now)
        running.service.tokens.create(KnownToken(name="mill", role=Role.ADMIN, sha256=sha256("m" * 48), site=MILL), audit_entry())
        yield running


def routes(running: Served) -> Iterator[tuple[str, str]]:
    """Yield method and path of every route that speaks of a house, with the ids of home's things."""
    decided = running.service.use.journal.remembered_decisions[HOME]
    ids = {
        "{version}": "1",
        "{name}": "home_assistant",
        "{device}": DONGLE,
        "{slot}": "2026-06-01T12:00:00Z",
        "{decision_id}": decided.id,
        "{plan_id}": decided.plan_id or "",
    }
    schema: dict[str, Any] = running.app.openapi()
    for path, methods in schema["paths"].items():
        real = path.replace("{site}", HOME)
        for name, value in ids.items():
            real = real.replace(name, value)
        assert "{" not in real, f"{path}: say which of home's things this test is to ask for"
        yield from ((method.upper(), real) for method in methods if path not in OF_NO_HOUSE)


BODIES: dict[str, object] = {
    "/outcome": {"status": "confirmed"},
    "/readings": {"readings": [{"device": "bat_1", "quantity": "soc_pct", "at": "2026-06-01T12:00:00Z", "value": 50}]},
    "/commands": {"mode": "hold"},
    "/overrides": {"mode": "hold", "until": "2026-06-01T15:00:00Z"},
    "/control": {"reserve_pct": 30},
}


def body(path: str) -> object:
    """Return what a route takes, so that nothing but the token is wrong."""
    return next((told for part, told in BODIES.items() if part in path), {})


def test_no_route_lets_a_token_of_another_house_in(two: Served) -> None:
    asked = 0
    for method, path in routes(two):
        if path in OWN_ONLY:
            continue
        reply = two.client.request(method, path, params={"site": HOME}, headers=THEIRS, json=None if method == "GET" else body(path))
        assert reply.status_code == 403, (method, path, reply.status_code, reply.text)
        assert reply.json()["code"] == "forbidden"
        asked += 1
    assert asked > 25


def test_nothing_of_another_house_is_found_by_its_id(two: Served) -> None:
    asked = 0
    for method, path in routes(two):
        if any(each in path for each in (DONGLE, "/decisions/", "/plans/", f"/sites/{HOME}")):
            reply = two.client.request(method, path, headers=THEIRS, json=None if method == "GET" else body(path))
            assert reply.status_code in {403, 404, 409}, (method, path, reply.status_code, reply.text)
            assert reply.status_code != 409 or "another site" in reply.text
            asked += 1
    assert asked > 6


def test_nothing_of_another_house_is_told_where_no_house_is_named(two: Served) -> None:
    decided = two.service.use.journal.remembered_decisions[HOME]
    for method, path in routes(two):
        if method == "GET":
            told = two.client.get(path, headers=THEIRS).text
            assert decided.id not in told.replace(path, ""), path
            assert DONGLE not in told.replace(path, "").replace(f"no device '{DONGLE}'", ""), path


def test_a_token_sees_the_houses_that_it_is_for(two: Served) -> None:
    for headers, sees in ((THEIRS, [MILL]), (bearer("viewer"), [HOME, MILL])):
        assert [each["id"] for each in two.client.get("/api/v1/sites", headers=headers).json()["sites"]] == sees
    new = two.client.put("/api/v1/sites/shed", headers=THEIRS | {"If-None-Match": "*"}, json={**HOUSE, "id": "shed"})
    assert new.status_code == 403


def test_without_a_name_a_token_asks_for_its_own_house(two: Served) -> None:
    assert two.client.get("/api/v1/recommendation/now", headers=THEIRS).status_code == 200
    assert two.client.put("/api/v1/settings/control", headers=THEIRS, json={"reserve_pct": 33}).json()["reserve_pct"] == 33
    use = two.service.use
    assert (use.prefer.of(MILL).reserve_pct, use.prefer.of(HOME).reserve_pct) == (33, 10)


def test_the_tokens_of_the_service_are_good_for_every_house(two: Served) -> None:
    for site in (HOME, MILL):
        assert two.client.get("/api/v1/plan", params={"site": site}, headers=bearer("viewer")).status_code == 200
    assert two.client.get("/api/v1/plan", params={"site": "shed"}, headers=bearer("viewer")).status_code == 404
    assert two.client.get("/api/v1/plan", params={"site": "shed"}, headers=THEIRS).status_code == 403
