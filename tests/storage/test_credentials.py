from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.audit import AuditEntry
from app.domain.credential import Certificate, ClaimCode
from app.domain.device import Device, DeviceStanding
from app.domain.errors import ConflictError, InvalidInputError
from app.domain.site import HOME
from app.storage.audit import AuditStore
from app.storage.credentials import CredentialStore
from app.storage.database import Database
from app.storage.devices import DeviceStore
from tests.records import NOON
from tests.storage.test_concurrency import WRITERS, together

DONGLE = "bat_60bh37202bfa"
CODE = ClaimCode(sha256="c" * 64, site=HOME, device=None, created_by="phone", created_at=NOON, expires_at=NOON + timedelta(hours=24))
CLAIMED = Device(id=DONGLE, standing=DeviceStanding.CLAIMED, site=HOME, first_seen=NOON, claimed_by="phone", claimed_at=NOON)
LONGEST = "f" * 40
"""A serial number has at most twenty octets."""
FIRST = Certificate(serial=LONGEST, device=DONGLE, sha256="a" * 64, issued_at=NOON, expires_at=NOON + timedelta(days=90))
SECOND = replace(FIRST, serial="2b", sha256="b" * 64)


def entry(action: str) -> AuditEntry:
    return AuditEntry(at=NOON, actor="phone", action=action, subject=DONGLE)


def logged(store: CredentialStore) -> list[str]:
    return [each.action for each in AuditStore(store.database).between(HOME, NOON, NOON + timedelta(seconds=1))]


@pytest.fixture
def store(database: Database) -> CredentialStore:
    made = CredentialStore(database)
    made.offer(CODE, entry("device.code"))
    return made


def test_a_code_comes_back_as_it_was_offered(store: CredentialStore) -> None:
    assert store.code(CODE.sha256) == CODE
    assert store.code("d" * 64) is None


def test_a_code_used_up_says_by_whom_and_the_device_is_claimed(store: CredentialStore) -> None:
    store.enroll(CODE, CLAIMED, FIRST, entry("device.enrolled"))

    assert store.code(CODE.sha256) == replace(CODE, used_at=NOON, used_by=DONGLE)
    assert DeviceStore(store.database).get(DONGLE) == CLAIMED
    assert store.certificate(LONGEST) == FIRST
    assert logged(store) == ["device.code", "device.enrolled"]


def test_of_many_who_come_at_once_with_one_code_one_gets_in(store: CredentialStore) -> None:
    def come(writer: int) -> bool:
        device = replace(CLAIMED, id=f"bat_{writer}")
        certificate = replace(FIRST, serial=f"{writer}", device=device.id)
        try:
            store.enroll(CODE, device, certificate, entry("device.enrolled"))
        except ConflictError:
            return False
        return True

    came = together(come)

    assert came.count(True) == 1
    winner = f"bat_{came.index(True)}"
    assert [device.id for device in DeviceStore(store.database).all()] == [winner]
    assert [store.certificate(f"{n}") is not None for n in range(WRITERS)] == came
    assert logged(store) == ["device.code", "device.enrolled"]


def test_what_cannot_be_logged_lets_nobody_in_and_leaves_the_code(store: CredentialStore) -> None:
    with pytest.raises(InvalidInputError):
        store.enroll(CODE, CLAIMED, FIRST, replace(entry("device.enrolled"), actor="x" * 65))

    assert store.code(CODE.sha256) == CODE
    assert store.certificate(LONGEST) is None
    assert DeviceStore(store.database).all() == []


def test_shutting_out_revokes_every_certificate_and_only_the_devices_own(store: CredentialStore) -> None:
    other = replace(FIRST, serial="0a", device="bat_other")
    store.enroll(CODE, CLAIMED, FIRST, entry("device.enrolled"))
    store.renew(SECOND, HOME, entry("device.renewed"))
    store.renew(other, HOME, entry("device.renewed"))

    store.revoke(replace(CLAIMED, standing=DeviceStanding.REVOKED), entry("device.revoked"))

    assert {each.serial for each in store.revoked(NOON)} == {LONGEST, SECOND.serial}
    assert store.certificate("0a") == other
    assert store.revoked(FIRST.expires_at) == []


def test_one_revoked_before_keeps_its_hour(store: CredentialStore) -> None:
    store.renew(FIRST, HOME, entry("device.renewed"))
    gone = replace(CLAIMED, standing=DeviceStanding.REVOKED)
    store.revoke(gone, entry("device.revoked"))
    store.revoke(gone, replace(entry("device.revoked"), at=NOON + timedelta(hours=1)))

    assert [each.revoked_at for each in store.revoked(NOON)] == [NOON]
