"""A house is described over HTTP: read with its version, changed by who has seen it, taken back, and never half."""

import json
from typing import Any

import pytest

from tests.served_app import Served, bearer, served
from tests.sites import document

PATH = "/api/v1/sites/london"
NEW = {"If-None-Match": "*"}


def described(running: Served, name: str = "london", **headers: str) -> dict[str, Any]:
    """Describe a house for the first time; return its document."""
    reply = running.client.put(f"/api/v1/sites/{name}", json=document(name), headers=NEW | headers)
    assert (reply.status_code, reply.headers["etag"]) == (200, '"1"'), reply.text
    return dict(reply.json())


def test_a_new_house_is_listed_and_read_as_it_was_written(fresh: Served) -> None:
    assert described(fresh) == document("london")
    described(fresh, "gnesta")

    listed = {each["id"]: each for each in fresh.client.get("/api/v1/sites").json()["sites"]}
    assert listed["gnesta"] == {"id": "gnesta", "title": "Kvarnen", "version": 1}
    assert list(listed) == sorted(listed)
    reply = fresh.client.get(PATH)
    assert (reply.json(), reply.headers["etag"]) == (document("london"), '"1"')


def test_a_house_is_described_as_new_once(fresh: Served) -> None:
    described(fresh)
    reply = fresh.client.put(PATH, json=document("london", title="Another"), headers=NEW)

    assert (reply.status_code, reply.json()["code"]) == (412, "outdated")
    assert fresh.client.get(PATH).json()["title"] == "The first house"


def test_who_has_seen_the_newest_version_changes_it(fresh: Served) -> None:
    described(fresh)
    changed = fresh.client.put(PATH, json=document("london", title="Old mill"), headers={"If-Match": '"1"'})

    assert (changed.status_code, changed.headers["etag"], changed.json()["title"]) == (200, '"2"', "Old mill")
    again = fresh.client.put(PATH, json=document("london", title="Old mill"), headers={"If-Match": '"2"'})
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({}, (428, "precondition_required")),
        ({"If-None-Match": '"1"'}, (428, "precondition_required")),
        ({"If-Match": '"7"'}, (412, "outdated")),
        ({"If-Match": '"old"'}, (412, "outdated")),
        ({"If-Match": f'"{"9" * 5000}"'}, (412, "outdated")),
    ],
)
def test_who_has_not_seen_it_changes_nothing(fresh: Served, headers: dict[str, str], answer: tuple[int, str]) -> None:
    described(fresh)
    for reply in (
        fresh.client.put(PATH, json=document("london", title="x"), headers=headers),
        fresh.client.patch(PATH, json={"title": "x"}, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == answer
        assert reply.headers["content-type"] == "application/problem+json"
    assert fresh.client.get(PATH).headers["etag"] == '"1"'


def test_a_house_that_is_not_there_is_not_changed(fresh: Served) -> None:
    for reply in (
        fresh.client.get(PATH),
        fresh.client.put(PATH, json=document("london"), headers={"If-Match": '"1"'}),
        fresh.client.patch(PATH, json={}, headers={"If-Match": '"1"'}),
        fresh.client.get(f"{PATH}/history"),
        fresh.client.post(f"{PATH}/rollback", json={"version": 1}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_every_wrong_field_is_named_and_nothing_is_stored(fresh: Served) -> None:
    described(fresh)
    wrong = document("london", roof=1, place={"time_zone": "Mars/Base"}, wishes={"reserve_pct": 120})
    reply = fresh.client.put(PATH, json=wrong, headers={"If-Match": '"1"'})

    told = reply.json()
    assert (reply.status_code, told["code"]) == (422, "invalid_site")
    assert {tuple(each["where"]) for each in told["errors"]} == {("roof",), ("place", "time_zone"), ("wishes", "reserve_pct")}
    assert len(told["detail"].splitlines()) == 3
    assert fresh.client.get(PATH).headers["etag"] == '"1"'


def test_a_document_of_another_house_is_refused(fresh: Served) -> None:
    reply = fresh.client.put("/api/v1/sites/mill", json=document("london"), headers=NEW)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_site")
    assert "london" in reply.json()["detail"]


def test_a_patch_changes_what_it_says(fresh: Served) -> None:
    described(fresh)
    patch = {"title": None, "grid": {"export_limit_kw": 5}, "wishes": {"rules": {"charge_below": 0.08}}}
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    reply = fresh.client.patch(PATH, content=json.dumps(patch), headers=headers)

    wanted = document("london", grid={"fuse": {"amps": 100}, "export_limit_kw": 5})
    del wanted["title"]
    wanted["wishes"]["rules"] = {"charge_below": 0.08}
    assert (reply.status_code, reply.json(), reply.headers["etag"]) == (200, wanted, '"2"')
    assert fresh.client.patch(PATH, json={"grid": None}, headers={"If-Match": '"2"'}).status_code == 422


def test_the_history_says_who_changed_what_and_an_earlier_version_comes_back(fresh: Served) -> None:
    described(fresh)
    fresh.clock.forward(hours=1)
    fresh.client.patch(PATH, json={"grid": {"export_limit_kw": 5}}, headers={"If-Match": '"1"'})
    back = fresh.client.post(f"{PATH}/rollback", json={"version": 1})

    assert (back.status_code, back.headers["etag"], back.json()) == (200, '"3"', document("london"))
    versions = fresh.client.get(f"{PATH}/history").json()["versions"]
    assert [(each["version"], each["changes"]) for each in versions] == [
        (1, []),
        (2, ["grid.export_limit_kw: 3.68 → 5"]),
        (3, ["grid.export_limit_kw: 5 → 3.68"]),
    ]
    assert (versions[1]["set_by"], versions[1]["set_at"]) == ("this machine", "2026-06-01T13:10:00Z")
    assert fresh.client.get(f"{PATH}/versions/2").json()["grid"]["export_limit_kw"] == 5
    assert fresh.client.get(f"{PATH}/versions/4").status_code == 404
    assert fresh.client.post(f"{PATH}/rollback", json={"version": 4}).status_code == 404


def test_the_log_knows_the_name_behind_each_change() -> None:
    with served(tokens=True) as running:
        running.client.headers.update(bearer("admin"))
        described(running)
        assert running.client.get(f"{PATH}/history").json()["versions"][0]["set_by"] == "admin token of the settings"


def test_what_is_sent_cannot_break_it(fresh: Served) -> None:
    described(fresh)
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"x": deep}
    for body in ('{"\\ud800": 1}', '{"title": "\\ud800"}', json.dumps(document("london", title=deep)), '{"id": NaN}', "[]", "null", '"x"'):
        for method, seen in (("PUT", {"If-Match": '"1"'}), ("PATCH", {"If-Match": '"1"'}), ("PUT", NEW)):
            headers = {"Content-Type": "application/json"} | seen
            reply = fresh.client.request(method, PATH, content=body, headers=headers)
            assert reply.status_code in {412, 422}, (method, body[:40], reply.text)
    assert fresh.client.get(PATH).headers["etag"] == '"1"'


def test_the_schema_is_served(fresh: Served) -> None:
    told = fresh.client.get("/api/v1/sites/schema").json()

    assert (told["title"], told["additionalProperties"]) == ("SiteDocument", False)
