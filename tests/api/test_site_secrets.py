"""A secret goes in and never comes out: not in an answer, not in the log, not in an error."""

import logging
from datetime import datetime

import pytest

from app.domain.site import SiteId
from tests.api.test_sites import described
from tests.served_app import Served

PATH = "/api/v1/sites/london/secrets"
SECRET = "a long-lived token nobody else knows"  # noqa: S105  (of a test)


def test_what_the_document_names_is_told_as_not_set_until_it_is(fresh: Served) -> None:
    described(fresh)
    assert fresh.client.get(PATH).json()["secrets"] == [
        {"name": "home_assistant", "is_set": False, "is_named": True},
        {"name": "octopus", "is_set": False, "is_named": True},
    ]

    fresh.client.put(f"{PATH}/octopus", json={"value": SECRET})
    fresh.client.put(f"{PATH}/spare", json={"value": SECRET})
    assert [(each["name"], each["is_set"], each["is_named"]) for each in fresh.client.get(PATH).json()["secrets"]] == [
        ("home_assistant", False, True),
        ("octopus", True, True),
        ("spare", True, False),
    ]
    assert fresh.service.use.describe.secret(SiteId("london"), "octopus") == SECRET


def test_a_secret_is_forgotten_once(fresh: Served) -> None:
    described(fresh)
    fresh.client.put(f"{PATH}/octopus", json={"value": SECRET})

    assert fresh.client.delete(f"{PATH}/octopus").status_code == 204
    assert fresh.client.delete(f"{PATH}/octopus").status_code == 404
    assert fresh.service.use.describe.secret(SiteId("london"), "octopus") is None


def test_nobody_is_told_what_it_is(fresh: Served, caplog: pytest.LogCaptureFixture) -> None:
    described(fresh)
    with caplog.at_level(logging.DEBUG):
        told = [
            fresh.client.put(f"{PATH}/octopus", json={"value": SECRET}).text,
            fresh.client.put(f"{PATH}/octopus", json={"value": SECRET, "extra": SECRET}).text,
            fresh.client.put(f"{PATH}/octopus", json=SECRET).text,
            fresh.client.put(f"{PATH}/octopus", content=f'{{"value": "{SECRET}"').text,
            fresh.client.put(f"{PATH}/octopus", json={"value": SECRET * 200}).text,
            fresh.client.put("/api/v1/sites/none/secrets/octopus", json={"value": SECRET}).text,
            fresh.client.get(PATH).text,
            fresh.client.get("/api/v1/sites/london").text,
            fresh.client.get("/api/v1/sites/london/history").text,
            *(entry.action + entry.subject + entry.detail for entry in fresh.service.use.audit.between(*window(fresh))),
        ]
    assert any("secret.set" in each for each in told)
    assert not [each for each in (*told, caplog.text) if SECRET in each]


def window(running: Served) -> tuple[SiteId, datetime, datetime]:
    """Return which part of whose log to read."""
    now = running.clock.now
    return SiteId("london"), now.replace(year=now.year - 1), now.replace(year=now.year + 1)


@pytest.mark.parametrize("wrong", [{"value": ""}, {"value": "   "}, {}, {"value": None}, {"value": "x" * 5000}])
def test_what_is_no_secret_is_refused(fresh: Served, wrong: dict[str, object]) -> None:
    described(fresh)

    assert fresh.client.put(f"{PATH}/octopus", json=wrong).status_code == 422
    assert not fresh.service.use.describe.secret_names(SiteId("london"))


def test_a_secret_of_no_house_is_not_kept(fresh: Served) -> None:
    assert fresh.client.put(f"{PATH}/octopus", json={"value": SECRET}).status_code == 404
    assert fresh.client.get(PATH).status_code == 404
    assert fresh.client.put(f"{PATH}/NotAName", json={"value": SECRET}).status_code == 422
