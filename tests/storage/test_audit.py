from app.domain.site import HOME, SiteId
from app.storage.audit import AuditStore
from app.storage.database import Database
from tests.records import NOON, at, audit_entry


def test_gives_back_a_span_in_order(database: Database) -> None:
    store = AuditStore(database)
    entries = [audit_entry(1, actor="zoë"), audit_entry(1, actor="åsa", detail="4 → 5 kWh"), audit_entry(2), audit_entry(3)]
    for entry in (entries[3], entries[0], entries[1], entries[2]):
        store.add(HOME, entry)

    assert store.between(HOME, NOON, at(3)) == entries[:3]
    assert store.between(HOME, NOON, at(3), newest=2) == entries[1:3]
    assert store.between(SiteId("neighbour"), NOON, at(3)) == []


def test_the_same_entry_twice_is_two_changes(database: Database) -> None:
    store = AuditStore(database)
    store.add(HOME, audit_entry())
    store.add(HOME, audit_entry())

    assert store.between(HOME, NOON, at(1)) == [audit_entry()] * 2
