import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.site import HOME, Mode, SiteId
from app.domain.slot import Slot
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.overrides import OverrideStore
from tests.records import NOON, at, audit_entry, override


@pytest.fixture
def store(database: Database) -> OverrideStore:
    return OverrideStore(database)


def test_gives_back_what_was_saved(store: OverrideStore) -> None:
    bare, full = (
        override(0),
        override(2, command=Command(mode=Mode.FORCE_CHARGE, power_kw=1 / 3, target_soc_pct=80), note="fest på lördag 🎉"),
    )
    store.put(HOME, full, audit_entry())
    store.put(HOME, bare, audit_entry())

    assert store.between(HOME, Slot(at(-9), at(9))) == [bare, full]
    assert store.between(SiteId("neighbour"), Slot(at(-9), at(9))) == []


def test_the_same_start_replaces(store: OverrideStore) -> None:
    store.put(HOME, override(), audit_entry())
    changed = override(slots=6, command=Command(mode=Mode.SELF_USE), note="longer")
    store.put(HOME, changed, audit_entry())

    assert store.between(HOME, Slot(at(-9), at(9))) == [changed]


def test_a_span_holds_what_touches_it(store: OverrideStore) -> None:
    for n in (0, 2, 4):
        store.put(HOME, override(n), audit_entry())

    assert store.between(HOME, Slot(at(1), at(4))) == [override(0), override(2)]


def test_is_removed_by_its_start(store: OverrideStore) -> None:
    store.put(HOME, override(), audit_entry())
    store.remove(HOME, NOON, audit_entry())

    assert store.between(HOME, Slot(at(-9), at(9))) == []
    with pytest.raises(NotFoundError, match="home has no override from 2026-01-15 12:00 UTC"):
        store.remove(HOME, NOON, audit_entry())
    with pytest.raises(InvalidInputError, match="no time zone"):
        store.remove(HOME, NOON.replace(tzinfo=None), audit_entry())


def test_a_change_that_cannot_be_logged_is_not_made(store: OverrideStore) -> None:
    store.put(HOME, override(), audit_entry())
    nobody = audit_entry(actor="x" * 200)
    with pytest.raises(InvalidInputError):
        store.put(HOME, override(2), nobody)
    with pytest.raises(InvalidInputError):
        store.remove(HOME, NOON, nobody)

    assert store.between(HOME, Slot(at(-9), at(9))) == [override()]
    assert AuditStore(store.database).between(HOME, at(-9), at(9)) == [audit_entry()]
