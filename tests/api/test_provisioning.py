"""How a device gets in, stays in, and is shut out, through the door it uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.tries import WRONG_TRIES, WRONG_WITHIN
from app.fleet.provision import renewal_message
from app.trust.credentials import Authority
from app.trust.holder import Holder
from tests.served_app import NOON, Served, served

DEVICES = "/api/v1/devices"
DONGLE = "bat_60bh37202bfa"
WORDS = "no code of this house"


@dataclass
class House:
    running: Served

    def code(self, **wish: object) -> str:
        reply = self.running.client.post(f"{DEVICES}/claim-codes", json=wish)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["code"])

    def enroll(self, code: str, key: Holder, device: str = DONGLE) -> httpx2.Response:
        return self.running.client.post(f"{DEVICES}/enroll", json={"code": code, "device": device, "csr": key.csr(device)})

    def renew(self, certificate: str, held: Holder, fresh: Holder, *, seconds: int = 0, signed: str | None = None) -> httpx2.Response:
        at, csr = self.running.clock() + timedelta(seconds=seconds), fresh.csr(DONGLE)
        signature = held.signature(renewal_message(at, csr)) if signed is None else signed
        body = {"certificate": certificate, "csr": csr, "signed_at": int(at.timestamp()), "signature": signature}
        return self.running.client.post(f"{DEVICES}/renew", json=body)

    def log(self) -> list[tuple[str, str]]:
        entries = self.running.client.get("/api/v1/audit").json()["entries"]
        return [(each["action"], each["detail"]) for each in entries if each["action"] != "site.created"]

    @property
    def folder(self) -> Path:
        folder = self.running.service.settings.certificates.folder
        assert folder is not None
        return folder


@pytest.fixture
def house() -> Iterator[House]:
    with served(authority=True) as running:
        yield House(running)


def test_a_code_and_a_request_make_a_certificate_for_the_device(house: House) -> None:
    key = Holder.fresh()

    told = house.enroll(house.code(), key).json()

    certificate = x509.load_pem_x509_certificate(told["certificate"].encode())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(told["ca"].encode()))
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == DONGLE
    assert certificate.public_key() == key.key.public_key()
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (told["broker_host"], told["broker_port"]) == ("broker.example", 8884)
    assert told["expires_at"] == "2028-05-31T12:10:00Z"
    assert [action for action, _ in house.log()] == ["device.code", "device.enrolled"]


def test_the_code_counts_however_it_is_typed(house: House) -> None:
    assert house.enroll(house.code().lower().replace("-", " "), Holder.fresh()).status_code == 200


def test_the_name_is_the_devices_whatever_the_request_says(house: House) -> None:
    body = {"code": house.code(), "device": DONGLE, "csr": Holder.fresh().csr("optimizer")}

    told = house.running.client.post(f"{DEVICES}/enroll", json=body).json()

    names = x509.load_pem_x509_certificate(told["certificate"].encode()).subject
    assert [name.value for name in names] == [DONGLE]


def test_a_code_works_once(house: House) -> None:
    code = house.code()
    assert house.enroll(code, Holder.fresh()).status_code == 200

    reply = house.enroll(code, Holder.fresh(), "bat_other")

    assert (reply.status_code, reply.json()["code"]) == (403, "denied")
    assert f"used by {DONGLE}" in reply.json()["detail"]
    assert house.log()[-1][0] == "device.denied"


def test_a_code_is_for_its_device_and_its_time(house: House) -> None:
    only, brief = house.code(device="bat_other"), house.code(hours=1)
    house.running.clock.forward(hours=1)

    assert "is for bat_other" in house.enroll(only, Holder.fresh()).json()["detail"]
    assert "was good until" in house.enroll(brief, Holder.fresh()).json()["detail"]
    assert [action for action, _ in house.log()] == ["device.code"] * 2 + ["device.denied"] * 2


def test_who_guesses_is_turned_away_and_logged_a_few_times(house: House) -> None:
    for _ in range(WRONG_TRIES):
        assert house.enroll(WORDS, Holder.fresh()).status_code == 403

    reply = house.enroll(WORDS, Holder.fresh())
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_tries")
    assert [action for action, _ in house.log()].count("device.denied") == WRONG_TRIES
    house.running.clock.forward(seconds=WRONG_WITHIN.total_seconds())
    assert house.enroll(WORDS, Holder.fresh()).status_code == 403


@pytest.mark.parametrize("csr", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"])
def test_a_request_that_cannot_be_signed_does_not_use_the_code_up(house: House, csr: str) -> None:
    code = house.code()

    reply = house.running.client.post(f"{DEVICES}/enroll", json={"code": code, "device": DONGLE, "csr": csr})

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    assert house.enroll(code, Holder.fresh()).status_code == 200


def test_a_weak_key_is_refused(house: House) -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak, hashes.SHA256())
    csr = request.public_bytes(serialization.Encoding.PEM).decode()

    reply = house.running.client.post(f"{DEVICES}/enroll", json={"code": house.code(), "device": DONGLE, "csr": csr})

    assert "at least 2048 bits" in reply.json()["detail"]


@pytest.mark.parametrize("name", ["optimizer", "bat_a/b", "bat_+", "#", "bat_" + "a" * 60])
def test_what_is_no_device_gets_no_certificate(house: House, name: str) -> None:
    assert house.enroll(house.code(), Holder.fresh(), name).status_code == 422


def test_a_device_renews_by_the_key_it_has(house: House) -> None:
    held, fresh = Holder.fresh(), Holder.fresh()
    first = house.enroll(house.code(), held).json()
    house.running.clock.forward(days=487)

    second = house.renew(first["certificate"], held, fresh).json()

    assert second["expires_at"] == "2029-09-30T12:10:00Z"
    assert house.renew(second["certificate"], fresh, Holder.fresh()).status_code == 200
    assert [action for action, _ in house.log()][-2:] == ["device.renewed"] * 2


def test_nobody_else_renews_it(house: House) -> None:
    held = Holder.fresh()
    certificate = house.enroll(house.code(), held).json()["certificate"]
    foreign = Authority.create(house.folder / "foreign", NOON).sign(held.csr(DONGLE), DONGLE, NOON).pem

    denied = [
        house.renew(certificate, Holder.fresh(), held),
        house.renew(foreign, held, held),
        house.renew("nonsense", held, held),
        house.renew(certificate, held, held, seconds=-400),
        house.renew(certificate, held, held, signed="AAAA"),
        house.renew(certificate, held, held, signed="no base64!"),
    ]

    assert [(reply.status_code, reply.json()["code"]) for reply in denied] == [(403, "denied")] * len(denied)
    assert [action for action, _ in house.log()].count("device.denied") == len(denied) - 1  # what is no base64 shows nothing


def test_one_that_ran_out_enrolls_anew(house: House) -> None:
    held = Holder.fresh()
    certificate = house.enroll(house.code(), held).json()["certificate"]
    house.running.clock.forward(days=731)

    assert "enroll anew" in house.renew(certificate, held, held).json()["detail"]
    assert house.enroll(house.code(), held).status_code == 200


def test_one_shut_out_is_on_the_list_and_renews_no_more(house: House) -> None:
    held = Holder.fresh()
    told = house.enroll(house.code(), held).json()

    reply = house.running.client.delete(f"{DEVICES}/{DONGLE}")

    assert (reply.status_code, reply.json()["standing"]) == (200, "revoked")
    assert serials(house) == [told["serial"]]
    assert "revoked" in house.renew(told["certificate"], held, held).json()["detail"]
    assert [action for action, _ in house.log()][-2:] == ["device.revoked", "device.denied"]


def test_a_new_certificate_ends_the_one_before(house: House) -> None:
    first = house.enroll(house.code(), Holder.fresh()).json()
    second = house.enroll(house.code(), Holder.fresh()).json()

    assert serials(house) == [first["serial"]] != [second["serial"]]


def test_the_list_forgets_what_has_run_out(house: House) -> None:
    house.enroll(house.code(), Holder.fresh())
    house.running.client.delete(f"{DEVICES}/{DONGLE}")
    house.running.clock.forward(days=731)
    house.enroll(house.code(), Holder.fresh(), "bat_other")

    assert serials(house) == []


def test_a_person_claims_what_has_appeared(house: House) -> None:
    house.running.service.use.provision.devices.note("bat_new", NOON)

    reply = house.running.client.post(f"{DEVICES}/bat_new/claim", json={"title": "Cellar"})

    assert reply.json() == {
        "id": "bat_new",
        "standing": "claimed",
        "title": "Cellar",
        "claimed_by": "this machine",
        "claimed_at": "2026-06-01T12:10:00Z",
    }
    assert house.running.client.post(f"{DEVICES}/bat_never/claim", json={}).status_code == 404
    house.running.client.delete(f"{DEVICES}/bat_new")
    assert house.running.client.post(f"{DEVICES}/bat_new/claim", json={}).status_code == 409


def test_without_an_authority_it_says_what_to_do(fresh: Served) -> None:
    reply = fresh.client.post(f"{DEVICES}/claim-codes", json={})

    assert reply.status_code == 404
    assert "ca create" in reply.json()["detail"]


def test_the_key_is_for_us_alone_and_is_never_overwritten(house: House) -> None:
    assert (house.folder / "ca.key").stat().st_mode & 0o777 == 0o600
    reply = x509.load_pem_x509_certificate((house.folder / "ca.crt").read_bytes())
    assert reply.not_valid_after_utc - reply.not_valid_before_utc > timedelta(days=3649)
    with pytest.raises(Exception, match="has an authority already"):
        Authority.create(house.folder, NOON)


def serials(house: House) -> list[str]:
    published = x509.load_pem_x509_crl((house.folder / "revoked.crl").read_bytes())
    return [f"{each.serial_number:x}" for each in published]
