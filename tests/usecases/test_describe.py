"""A house is described once: changes are checked, versioned, told, and can be taken back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.errors import ConflictError, InvalidInputError, InvalidSiteError, NotFoundError
from app.domain.site import HOME, SiteId
from app.storage.database import Database, upgrade
from app.storage.descriptions import DescriptionStore
from app.storage.secrets import SecretStore
from app.trust.secrets import KeyFile
from app.usecases.describe import Describe, differences

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def refuse_the_word_bad(value: Mapping[str, object]) -> None:
    if value.get("title") == "bad":
        raise InvalidSiteError("title: bad")


@pytest.fixture
def describe(tmp_path: Path) -> Iterator[Describe]:
    url = f"sqlite:///{tmp_path}/houses.db"
    upgrade(url)
    database = Database.open(url)
    yield Describe(DescriptionStore(database), SecretStore(database), KeyFile(tmp_path / "key"), refuse_the_word_bad)
    database.close()


def value(title: str = "mill") -> dict[str, object]:
    return {"id": HOME, "title": title}


def test_a_change_is_a_version_more_and_is_told(describe: Describe) -> None:
    told: list[SiteId] = []
    describe.changed.append(told.append)
    describe.create(HOME, value(), actor="me", now=NOW)
    changed = describe.change(HOME, value("old mill"), expected_version=1, actor="me", now=NOW)

    assert (changed.version, describe.of(HOME).value, told) == (2, value("old mill"), [HOME, HOME])


def test_what_says_the_same_is_no_new_version(describe: Describe) -> None:
    describe.create(HOME, value(), actor="me", now=NOW)

    assert describe.change(HOME, value(), expected_version=1, actor="me", now=NOW).version == 1


def test_a_bad_document_changes_nothing(describe: Describe) -> None:
    describe.create(HOME, value(), actor="me", now=NOW)

    for wrong in (value("bad"), value() | {"id": "other"}):
        with pytest.raises(InvalidSiteError):
            describe.change(HOME, wrong, expected_version=1, actor="me", now=NOW)
    assert describe.of(HOME).version == 1


def test_who_has_not_seen_the_newest_version_is_refused(describe: Describe) -> None:
    describe.create(HOME, value(), actor="me", now=NOW)
    describe.change(HOME, value("old mill"), expected_version=1, actor="me", now=NOW)

    with pytest.raises(ConflictError):
        describe.change(HOME, value("new mill"), expected_version=1, actor="you", now=NOW)
    with pytest.raises(ConflictError):
        describe.create(HOME, value(), actor="you", now=NOW)


def test_a_rollback_is_a_version_of_its_own(describe: Describe) -> None:
    describe.create(HOME, value(), actor="me", now=NOW)
    describe.change(HOME, value("old mill"), expected_version=1, actor="me", now=NOW)
    back = describe.rollback(HOME, 1, actor="me", now=NOW)

    assert (back.version, back.value) == (3, value())
    assert [each.version for each in describe.history(HOME)] == [1, 2, 3]
    with pytest.raises(NotFoundError):
        describe.rollback(HOME, 9, actor="me", now=NOW)


def test_a_secret_is_known_by_its_name_only(describe: Describe) -> None:
    describe.create(HOME, value(), actor="me", now=NOW)
    describe.keep_secret(HOME, "home_assistant", " long-lived \n", actor="me", now=NOW)

    assert describe.secret_names(HOME) == ("home_assistant",)
    assert describe.secret(HOME, "home_assistant") == "long-lived"
    describe.forget_secret(HOME, "home_assistant", actor="me", now=NOW)
    assert describe.secret(HOME, "home_assistant") is None
    with pytest.raises(InvalidInputError):
        describe.keep_secret(HOME, "home_assistant", "  ", actor="me", now=NOW)
    with pytest.raises(NotFoundError):
        describe.keep_secret(SiteId("nowhere"), "home_assistant", "text", actor="me", now=NOW)


def test_differences_name_their_place() -> None:
    before = {"grid": {"export_limit_kw": 5}, "devices": [{"id": "battery", "limit_pct": 100}], "title": "mill"}
    after = {"grid": {"export_limit_kw": 3.6}, "devices": [{"id": "battery", "limit_pct": 90}]}

    assert differences(before, after) == ["grid.export_limit_kw: 5 → 3.6", "devices[0].limit_pct: 100 → 90", "title: mill → not set"]
