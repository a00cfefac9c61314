"""Wrong tokens are slowed down and forbidden changes are told, by few entries however many there are."""

import threading
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.api.security import sha256
from app.domain.access import ALL_SITES, KnownToken, Role
from app.domain.audit import AuditEntry
from app.domain.site import HOME, SiteId
from app.domain.tries import WRONG_OF_ALL, WRONG_TRIES
from app.usecases.turned_away import MOST_AN_HOUR
from tests.records import audit_entry
from tests.served_app import Served, bearer, served

WRONG = {"Authorization": "Bearer wrong-token-wrong-token-wrong"}
HOLD = "/api/v1/overrides/2026-06-01T12:00:00Z"


@pytest.fixture
def locked() -> Iterator[Served]:
    """A service of the test's own that wants tokens."""
    with served(tokens=True) as running:
        yield running


def log(running: Served, site: SiteId) -> list[AuditEntry]:
    return running.service.use.audit.between(site, running.clock().replace(year=2020), running.clock().replace(year=2030))


def test_wrong_tokens_are_turned_away_after_some_and_a_right_one_never(locked: Served) -> None:
    client = TestClient(locked.app, base_url="http://127.0.0.1:8000", client=("192.0.2.1", 4000))
    told = [client.get("/api/v1/overrides", headers=WRONG) for _ in range(WRONG_TRIES + 1)]
    assert [each.status_code for each in told] == [401] * WRONG_TRIES + [429]
    assert (told[-1].json()["code"], told[-1].headers["Retry-After"]) == ("too_many_tries", "600")
    assert client.get("/api/v1/overrides", headers=bearer("viewer")).status_code == 200
    assert client.get("/api/v1/overrides").status_code == 401, "no token is no wrong one"

    other = TestClient(locked.app, base_url="http://127.0.0.1:8000", client=("192.0.2.2", 4000))
    assert other.get("/api/v1/overrides", headers=WRONG).status_code == 401
    locked.clock.forward(seconds=600)
    assert client.get("/api/v1/overrides", headers=WRONG).status_code == 401


def test_a_flood_of_wrong_tokens_fills_neither_memory_nor_log(locked: Served) -> None:
    turned_away = locked.service.guard.turned_away

    def flood(network: int) -> None:
        for n in range(300):
            client = TestClient(locked.app, client=(f"192.0.{network}.{n % 250}", 4000))
            assert client.get("/api/v1/overrides", headers=WRONG).status_code in {401, 429}

    floods = [threading.Thread(target=flood, args=(n,)) for n in range(4)]
    for each in floods:
        each.start()
    for each in floods:
        each.join()

    assert turned_away.wrong_tokens == 1200
    assert len(turned_away.tries.wrong) == WRONG_OF_ALL
    assert [each.action for each in log(locked, ALL_SITES)] == ["token.refused"] * MOST_AN_HOUR
    locked.clock.forward(hours=1)
    TestClient(locked.app, client=("198.51.100.7", 4000)).get("/api/v1/overrides", headers=WRONG)
    last = log(locked, ALL_SITES)[-1]
    assert (last.actor, last.detail) == ("198.51.100.7", f"; {1200 - MOST_AN_HOUR} more since the last entry, too many to log")


def test_a_change_that_a_token_may_not_make_is_logged_once_and_counted_each_time(locked: Served) -> None:
    for _ in range(3):
        assert locked.client.delete(HOLD, headers=bearer("viewer")).status_code == 403
    assert locked.client.get("/api/v1/audit", headers=bearer("controller")).status_code == 403, "a look is no change"
    [entry] = log(locked, ALL_SITES)
    assert (entry.actor, entry.action, entry.subject) == (
        "viewer token of the settings",
        "write.forbidden",
        "DELETE /api/v1/overrides/2026-06-01T12:00:00Z",
    )
    metrics = locked.client.get("/metrics", headers=WRONG | bearer("viewer")).text
    assert "battery_optimizer_forbidden_writes_total 3.0" in metrics
    assert "battery_optimizer_wrong_tokens_total 0.0" in metrics


def test_the_log_of_the_service_is_seen_by_who_may_see_every_house_only(locked: Served) -> None:
    create = locked.service.use.describe.create
    create(SiteId("mill"), {**dict(locked.service.use.describe.of(HOME).value), "id": "mill"}, actor="test", now=locked.clock())
    for name, site in (("mine", HOME), ("theirs", SiteId("mill"))):
        token = KnownToken(name=name, role=Role.ADMIN, sha256=sha256(name * 12), site=site)
        locked.service.tokens.create(token, audit_entry(action="token.created", subject=name, at=locked.clock()))
    theirs = {"Authorization": f"Bearer {'theirs' * 12}"}
    assert locked.client.put(HOLD, params={"site": "home"}, json={}, headers=theirs).status_code == 403

    seen = locked.client.get("/api/v1/audit", params={"site": "mill"}, headers=theirs).json()["entries"]
    assert [each["action"] for each in seen if each["action"] != "site.created"] == ["token.created"]
    every = locked.client.get("/api/v1/audit", headers=bearer("admin")).json()["entries"]
    assert {"write.forbidden", "token.created"} <= {each["action"] for each in every}


def test_a_log_that_is_away_changes_no_answer(locked: Served) -> None:
    locked.service.database.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE audit RENAME TO gone"))
    assert locked.client.get("/api/v1/overrides", headers=WRONG).status_code == 401
    assert locked.client.put(HOLD, headers=bearer("viewer"), json={}).status_code == 403
    locked.service.database.absence.until = float("-inf")  # a moment later
    forced = locked.client.put(HOLD, headers=bearer("controller"), json={"mode": "hold", "until": "2026-06-01T14:00:00Z"})
    assert forced.status_code == 503, "what cannot be logged is not forced"
    locked.service.database.absence.until = float("-inf")
    assert locked.client.get("/api/v1/overrides", headers=bearer("viewer")).json()["overrides"] == []
