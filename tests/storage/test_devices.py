from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.audit import AuditEntry
from app.domain.device import Device, DeviceStanding, device_id
from app.domain.errors import InvalidInputError
from app.domain.site import HOME
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.devices import DeviceStore
from tests.records import NOON

CLAIMED = Device(
    id="bat_60bh", standing=DeviceStanding.CLAIMED, site=HOME, title="Cellar", first_seen=NOON, claimed_by="phone", claimed_at=NOON
)
ENTRY = AuditEntry(at=NOON, actor="phone", action="device.claimed", subject="bat_60bh")


@pytest.fixture
def store(database: Database) -> DeviceStore:
    return DeviceStore(database)


def test_a_device_comes_back_as_it_was_put_with_who_put_it(store: DeviceStore) -> None:
    store.put(CLAIMED, ENTRY)

    assert store.get("bat_60bh") == CLAIMED
    assert AuditStore(store.database).between(HOME, NOON, NOON + timedelta(seconds=1)) == [ENTRY]


def test_one_that_appears_is_unclaimed(store: DeviceStore) -> None:
    store.note("bat_new", NOON)

    assert store.all() == [Device(id="bat_new", standing=DeviceStanding.UNCLAIMED, site=None, first_seen=NOON)]


def test_appearing_again_changes_nothing(store: DeviceStore) -> None:
    revoked = replace(CLAIMED, standing=DeviceStanding.REVOKED)
    store.put(revoked, ENTRY)
    store.note("bat_60bh", NOON + timedelta(days=1))

    assert store.get("bat_60bh") == revoked
    assert store.get("bat_60BH") is None


def test_a_change_that_cannot_be_logged_is_not_made(store: DeviceStore) -> None:
    with pytest.raises(InvalidInputError):
        store.put(CLAIMED, replace(ENTRY, actor="x" * 65))

    assert store.all() == []


@pytest.mark.parametrize("text", ["bat_60bh37202bfa", "gwy_a", "met_" + "9" * 59])
def test_an_id_is_a_prefix_and_a_serial(text: str) -> None:
    assert device_id(text) == text


@pytest.mark.parametrize("text", ["", "bat_", "BAT_1", "bat_a/b", "bat_#", "bat_+", "dog_1", "bat_1 ", "bat_1\n", "bat_" + "9" * 60])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(InvalidInputError, match="no device id"):
        device_id(text)
