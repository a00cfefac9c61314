"""Documents and secrets of houses: every version kept, each change with its entry in the log."""

import pytest

from app.domain.audit import AuditEntry
from app.domain.description import Description, SealedSecret
from app.domain.errors import ConflictError, NotFoundError
from app.domain.site import HOME, SiteId
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.descriptions import DescriptionStore
from app.storage.secrets import SecretStore
from tests.records import at

SECOND = SiteId("second")


def description(version: int, *, site: SiteId = HOME, title: str = "") -> Description:
    return Description(site=site, version=version, value={"id": site, "title": title}, set_by="admin", set_at=at(version))


def entry(version: int) -> AuditEntry:
    return AuditEntry(at=at(version), actor="admin", action="site.changed", subject=f"version {version}")


def test_the_newest_version_holds_and_every_one_is_kept(database: Database) -> None:
    store = DescriptionStore(database)
    for version, title in ((1, "mill"), (2, "old mill")):
        store.put(description(version, title=title), entry(version))
    store.put(description(1, site=SECOND), entry(1))

    assert store.get(HOME) == description(2, title="old mill")
    assert [each.value["title"] for each in store.history(HOME)] == ["mill", "old mill"]
    assert store.versions() == {HOME: 2, SECOND: 1}
    assert store.get(SiteId("third")) is None


def test_a_version_on_top_of_an_old_one_is_refused_and_not_logged(database: Database) -> None:
    store = DescriptionStore(database)
    store.put(description(1), entry(1))

    for version in (1, 3):
        with pytest.raises(ConflictError):
            store.put(description(version, title="other"), entry(version))
    assert len(AuditStore(database).between(HOME, at(0), at(9))) == 1


def test_a_secret_replaces_the_one_before_and_can_be_forgotten(database: Database) -> None:
    store = SecretStore(database)
    for sealed in ("1.abc", "1.def"):
        store.put(HOME, SealedSecret(name="octopus", sealed=sealed, set_by="admin", set_at=at(1)), entry(1))

    assert [each.sealed for each in store.all(HOME)] == ["1.def"]
    assert store.all(SECOND) == []
    store.remove(HOME, "octopus", entry(2))
    assert store.all(HOME) == []
    with pytest.raises(NotFoundError):
        store.remove(HOME, "octopus", entry(3))
    assert len(AuditStore(database).between(HOME, at(0), at(9))) == 3
