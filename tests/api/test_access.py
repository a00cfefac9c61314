"""Who may ask what."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.security import Guard, sha256
from app.config.settings import load
from app.domain.access import KnownToken, Role
from app.domain.errors import InvalidInputError
from app.usecases.turned_away import TurnedAway
from app.wiring.access import refuse_if_unguarded
from app.wiring.service import build
from tests.fake_stores import FakeAudit
from tests.records import audit_entry
from tests.served_app import NOWHERE, TOKENS, Served, bearer, served, settings_in

ROLES = ["viewer", "controller", "admin"]
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
ASKS_ONLY = {"/api/v1/optimize"}
OPEN = {"/live", "/api/v1/devices/enroll", "/api/v1/devices/renew"}
"""What needs no token: liveness, and doors with a lock of their own."""
ADMINS = {"/api/v1/audit", "/api/v1/devices/claim-codes", "/api/v1/devices/{device}/claim", "/api/v1/devices/{device}"}
ADMINS |= {"/api/v1/sites/{site}", "/api/v1/sites/{site}/rollback", "/api/v1/sites/{site}/secrets/{name}"}
CONTROLLERS = {"/api/v1/sites/{site}/executor"}
"""What only whoever carries out has to know."""
EXAMPLES = {
    "{site}": "home",
    "{version}": "1",
    "{name}": "octopus",
    "{device}": "bat_none",
    "{slot}": "2026-06-01T12:00:00Z",
    "{decision_id}": "none",
    "{plan_id}": "none",
}


def routes(running: Served) -> Iterator[tuple[str, str, str | None]]:
    """Yield method, path and the role that is needed of every route of the API."""
    schema: dict[str, Any] = running.app.openapi()
    for path, methods in schema["paths"].items():
        real = path
        for name, value in EXAMPLES.items():
            real = real.replace(name, value)
        for method in map(str.upper, methods):
            needed = "controller" if method in CHANGES and path not in ASKS_ONLY else "viewer"
            if path in CONTROLLERS:
                needed = "controller"
            if path in ADMINS and (method in CHANGES or path == "/api/v1/audit"):
                needed = "admin"
            yield method, real, None if path in OPEN else needed


def test_every_route_wants_the_role_it_should(guarded: Served) -> None:
    seen = 0
    for method, path, needed in routes(guarded):
        bare = guarded.client.request(method, path).status_code
        assert (bare == 401) == (needed is not None), (method, path)
        for role in ROLES:
            allowed = needed is None or ROLES.index(role) >= ROLES.index(needed)
            status = guarded.client.request(method, path, headers=bearer(role)).status_code
            assert (status == 403) == (not allowed), (method, path, role, status)
            assert status != 401
            seen += 1
    assert seen > 40


def test_a_refusal_is_a_problem_document_that_repeats_no_token(guarded: Served) -> None:
    reply = guarded.client.get("/api/v1/plan", headers={"Authorization": "Bearer wrong-token-wrong-token-wrong"})
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "wrong-token" not in reply.text
    reply = guarded.client.post("/api/v1/prices/refresh", headers=bearer("viewer"))
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert TOKENS["viewer"] not in reply.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", f"bearer{TOKENS['admin']}", "Bearer \u00e9", "Bearer \x00"])
def test_what_is_no_bearer_token_is_401(guarded: Served, header: str) -> None:
    assert guarded.client.get("/api/v1/plan", headers={b"Authorization": header.encode("latin-1")}).status_code == 401


def test_no_token_shows_in_the_logs(guarded: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        guarded.client.get("/api/v1/plan", headers=bearer("admin"))
        guarded.client.get("/api/v1/plan", headers={"Authorization": "Bearer wrong-token-wrong-token-wrong"})
    assert not [record for record in caplog.records if "token-of-forty" in record.getMessage() or "wrong-token" in record.getMessage()]


def test_every_known_token_is_compared_though_the_first_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(known: str, given: str) -> bool:
        compared.append(known)
        return known == given

    monkeypatch.setattr("app.api.security.hmac.compare_digest", compare)
    known = [KnownToken(name=name, role=Role.VIEWER, sha256=sha256(name)) for name in ("one", "two", "three")]
    found = Guard(known=lambda: known, is_open=False, turned_away=TurnedAway(FakeAudit())).role_of("one")
    assert found == known[0]
    assert compared == [each.sha256 for each in known]


def test_a_stored_token_opens_and_a_revoked_one_does_not() -> None:
    with served(tokens=True) as running:
        running.service.tokens.create(KnownToken(name="node-red", role=Role.CONTROLLER, sha256=sha256("n" * 48)), audit_entry())
        forget = {"Authorization": "Bearer " + "n" * 48}
        assert running.client.post("/api/v1/prices/refresh", headers=forget).status_code == 200
        running.service.tokens.revoke("node-red", audit_entry())
        running.service.guard.known.asked_at = float("-inf")  # type: ignore[attr-defined]  # a quarter of a minute later
        assert running.client.post("/api/v1/prices/refresh", headers=forget).status_code == 401


def test_open_only_on_loopback_and_without_tokens(tmp_path: Any) -> None:  # noqa: ANN401
    for host, tokens, is_open in (("127.0.0.1", False, True), ("127.0.0.1", True, False), ("0.0.0.0", True, False)):  # noqa: S104
        service = build(settings_in(tmp_path, tokens=tokens, host=host))
        assert service.guard.is_open is is_open
        refuse_if_unguarded(service.settings.api, service.guard, [])
        service.close()


def test_beyond_loopback_without_a_token_it_does_not_start(tmp_path: Any) -> None:  # noqa: ANN401
    service = build(settings_in(tmp_path, host="0.0.0.0"))  # noqa: S104
    with pytest.raises(InvalidInputError, match="OPTIMIZER_API__ADMIN_TOKEN"):
        refuse_if_unguarded(service.settings.api, service.guard, [])
    assert service.guard.role_of("anything") is None
    service.close()


def test_open_though_a_token_was_written_it_does_not_start(tmp_path: Any) -> None:  # noqa: ANN401
    for tokens in (False, True):
        service = build(settings_in(tmp_path, tokens=tokens))
        if tokens:
            refuse_if_unguarded(service.settings.api, service.guard, ["OPTIMIZER_API__VIEWER_TOKEN"])
        else:
            with pytest.raises(InvalidInputError, match=r"OPTIMIZER_API__ADMIN_TOKEN: no value could be read.*open to everybody"):
                refuse_if_unguarded(service.settings.api, service.guard, ["OPTIMIZER_API__ADMIN_TOKEN"])
        service.close()


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "127.0.0.2"])
def test_an_open_service_answers_to_its_own_names(alive: Served, host: str) -> None:
    assert alive.client.get("/live", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "192.168.1.3", "", "[::1"])
def test_an_open_service_answers_to_no_other_name(alive: Served, host: str) -> None:
    reply = alive.client.get("/api/v1/plan", headers={"Host": host})
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9000", "http://localhost:8000", "null"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_an_open_service_takes_nothing_from_foreign_pages(alive: Served, method: str, origin: str) -> None:
    reply = alive.client.request(method, "/api/v1/prices/refresh", headers={"Origin": origin})
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


def test_its_own_page_may_change_things(alive: Served) -> None:
    assert alive.client.post("/api/v1/prices/refresh", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    assert alive.client.get("/api/v1/plan", headers={"Origin": "https://evil.example"}).status_code == 200


def test_with_tokens_any_name_may_be_used(guarded: Served) -> None:
    assert guarded.client.get("/api/v1/plan", headers=bearer("viewer") | {"Host": "battery.home.arpa"}).status_code == 200


def test_secrets_never_show_in_a_repr() -> None:
    settings = load(env_file=NOWHERE, api={"admin_token": TOKENS["admin"]}, database={"url": "mysql+pymysql://u:hidden@h/db"})
    assert TOKENS["admin"] not in repr(settings)
    assert "hidden" not in repr(settings)
