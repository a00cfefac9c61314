"""/docs, drawn from this service alone."""

import re

from tests.served_app import Served

NAMED = re.compile(r"""(?:src|href|from|url:)\s*[=(]?\s*["']([^"'#]+)["']""")
LEADS_AWAY = re.compile(r"""(?:https?:)?//[a-z0-9.-]+""", re.IGNORECASE)
OURS = ("/docs", "/static/reference.js", "/static/reference.css")


def referenced(running: Served, path: str) -> set[str]:
    """Return every path that a page or script names, and all that those name in turn."""
    text = running.client.get(path).text
    found = {each.replace("./", "/static/") if each.startswith("./") else each for each in NAMED.findall(text)}
    return found | {deeper for each in found if each.endswith(".js") and "swagger" not in each for deeper in referenced(running, each)}


def test_the_reference_and_all_it_names_come_from_here(guarded: Served) -> None:
    page = guarded.client.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")

    named = referenced(guarded, "/docs")

    assert named >= {
        "/static/swagger-ui-bundle.js",
        "/static/swagger-ui.css",
        "/static/reference.js",
        "/static/api.js",
        "/openapi.json",
        "/",
    }
    assert {each: guarded.client.get(each).status_code for each in named} == dict.fromkeys(named, 200)
    assert len(guarded.client.get("/static/swagger-ui-bundle.js").content) > 1_000_000


def test_no_part_of_the_reference_leads_to_another_host(guarded: Served) -> None:
    assert [each for path in OURS for each in LEADS_AWAY.findall(guarded.client.get(path).text)] == []
    pictures = re.findall(r"url\(\"?([a-z]+:?)", guarded.client.get("/static/swagger-ui.css").text)
    assert set(pictures) == {"data:"}


def test_a_token_can_be_given_where_one_is_needed(guarded: Served) -> None:
    schema = guarded.client.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert schema["paths"]["/api/v1/plan"]["get"]["security"] == [{"HTTPBearer": []}]
    assert "security" not in schema["paths"]["/live"]["get"]
