"""Every answer has the same guarding headers, whatever it is."""

import pytest

from app.api.guards import GUARDS
from tests.served_app import Served


@pytest.mark.parametrize(
    "path", ["/", "/live", "/docs", "/static/plotly.min.js", "/static/api.js", "/static/none", "/nowhere", "/api/v1/plan"]
)
def test_every_answer_has_them(guarded: Served, path: str) -> None:
    answer = guarded.client.get(path)
    assert {name: answer.headers.get(name) for name in GUARDS} == GUARDS


def test_an_error_of_ours_has_them_too(fresh: Served) -> None:
    fresh.app.add_api_route("/broken", lambda: 1 / 0)
    answer = fresh.client.get("/broken")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in GUARDS} == GUARDS


EDGES = ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z")


@pytest.mark.parametrize("edge", EDGES)
def test_the_edge_of_the_calendar_is_a_mistake_of_the_caller(alive: Served, edge: str) -> None:
    asked = {
        (path, parameter["name"]): alive.client.get(path.replace("{device}", "none"), params={parameter["name"]: edge}).status_code
        for path, operations in alive.app.openapi()["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", [])
        if parameter["in"] == "query" and "date" in str(parameter["schema"])
    }
    assert len(asked) > 5
    assert {each: status for each, status in asked.items() if not 400 <= status < 500} == {}
