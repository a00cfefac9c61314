"""The flow asks once for what it lives by, and then only whether that has changed."""

from tests.api.test_sites import PATH, described
from tests.served_app import Served, bearer, served


def test_the_flow_is_told_again_only_what_changed(fresh: Served) -> None:
    described(fresh)
    first = fresh.client.get(f"{PATH}/executor")

    assert first.json()["profile"]["settings"]["mode"] == {"entity": "select.work_mode"}
    assert first.headers["etag"] == f'"{first.json()["version"]}"'
    known = {"If-None-Match": first.headers["etag"]}
    unchanged = fresh.client.get(f"{PATH}/executor", headers=known)
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", first.headers["etag"])

    fresh.client.patch(PATH, json={"control": {"enabled": False}}, headers={"If-Match": '"1"'})
    changed = fresh.client.get(f"{PATH}/executor", headers=known)
    assert (changed.status_code, changed.json()["enabled"]) == (200, False)
    assert changed.json()["version"] != first.json()["version"]


def test_it_is_for_whoever_may_carry_out() -> None:
    with served(tokens=True) as running:
        described(running, Authorization=bearer("admin")["Authorization"])

        assert running.client.get(f"{PATH}/executor", headers=bearer("viewer")).status_code == 403
        assert running.client.get(f"{PATH}/executor", headers=bearer("controller")).status_code == 200
        assert running.client.get("/api/v1/sites/none/executor", headers=bearer("controller")).status_code == 404
