"""What strangers, and devices shut out, cannot do to the others at the door."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.credential import ClaimCode
from app.domain.errors import DeniedError, OptimizerError, TooManyTriesError
from app.domain.tries import WRONG_OF_ALL, WRONG_TRIES
from app.fleet import ports as fleet_ports
from app.trust.credentials import Authority
from tests.served_app import Served, served

DEVICES = "/api/v1/devices"
DONGLE = "bat_60bh37202bfa"
REQUESTS = Path(__file__).parents[1] / "fixtures" / "weak_requests"
"""Made with openssl, for our library makes none on these curves."""
type Key = ec.EllipticCurvePrivateKey


@dataclass
class BeatenToIt:
    """The store of credentials, but that somebody else comes first between looking a code up and using it."""

    store: fleet_ports.Credentials
    first: Callable[[], object] | None

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def code(self, sha256: str) -> ClaimCode | None:
        found, first, self.first = self.store.code(sha256), self.first, None
        if first is not None:
            first()
        return found


@pytest.fixture
def house() -> Iterator[Served]:
    with served(authority=True) as running:
        yield running


def fresh() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def csr(key: Key) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DONGLE)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def a_code(house: Served) -> str:
    return str(house.client.post(f"{DEVICES}/claim-codes", json={}).json()["code"])


def enroll(house: Served, code: str, request: str, device: str = DONGLE) -> httpx2.Response:
    return house.client.post(f"{DEVICES}/enroll", json={"code": code, "device": device, "csr": request})


def renew(house: Served, certificate: str, held: Key) -> httpx2.Response:
    at, request = int(house.clock().timestamp()), csr(fresh())
    signature = base64.b64encode(held.sign(f"{at}\n{request}".encode(), ec.ECDSA(hashes.SHA256()))).decode()
    return house.client.post(f"{DEVICES}/renew", json={"certificate": certificate, "csr": request, "signed_at": at, "signature": signature})


def denials(house: Served) -> int:
    return [each["action"] for each in house.client.get("/api/v1/audit").json()["entries"]].count("device.denied")


def crl(house: Served) -> Path:
    folder = house.service.settings.certificates.folder
    assert folder is not None
    return folder / "revoked.crl"


def published(house: Served) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(crl(house).read_bytes())


def test_strangers_who_guess_keep_no_device_from_renewing(house: Served) -> None:
    held = fresh()
    certificate = enroll(house, a_code(house), csr(held)).json()["certificate"]
    for _ in range(WRONG_TRIES):
        enroll(house, "no code of this house", csr(held))
        renew(house, "nonsense", held)

    assert renew(house, "nonsense", held).status_code == 429
    assert renew(house, certificate, held).status_code == 200
    assert denials(house) == 2 * WRONG_TRIES


def test_strangers_who_guess_keep_no_new_device_out(house: Served) -> None:
    for _ in range(WRONG_TRIES + 1):
        enroll(house, "no code of this house", csr(fresh()))

    assert enroll(house, a_code(house), csr(fresh())).status_code == 200


def guess(house: Served, client: str) -> type[OptimizerError]:
    """Show a wrong code from an address; return how it is turned away."""
    with pytest.raises(OptimizerError) as told:
        house.service.use.provision.enroll("no code", DONGLE, "", title="", client=client, now=house.clock())
    return told.type


def test_one_who_guesses_hides_no_other(house: Served) -> None:
    assert [guess(house, "192.0.2.1") for _ in range(WRONG_TRIES + 1)] == [DeniedError] * WRONG_TRIES + [TooManyTriesError]

    assert guess(house, "192.0.2.2") is DeniedError
    assert denials(house) == WRONG_TRIES + 1


def test_many_addresses_of_one_network_are_one_source(house: Served) -> None:
    told = [guess(house, f"2001:db8::{each:x}") for each in range(WRONG_TRIES + 1)]

    assert told[-1] is TooManyTriesError
    assert guess(house, "2001:db8:0:1::1") is DeniedError


def test_however_many_sources_there_are_the_log_is_not_flooded(house: Served) -> None:
    for each in range(WRONG_OF_ALL + 20):
        guess(house, f"192.0.2.{each}")

    assert denials(house) == WRONG_OF_ALL
    assert enroll(house, a_code(house), csr(fresh())).status_code == 200


def test_a_code_that_was_used_gives_its_certificate_though_the_list_cannot_be_written(house: Served) -> None:
    first = enroll(house, a_code(house), csr(fresh())).json()["serial"]
    path = crl(house)
    path.unlink()
    path.mkdir()  # a list cannot take its place

    assert enroll(house, a_code(house), csr(fresh())).status_code == 200

    path.rmdir()
    house.service.rounds.turn(house.clock())
    assert [f"{each.serial_number:x}" for each in published(house)] == [first]


def test_who_shuts_out_is_told_when_the_broker_cannot_be_and_may_try_again(house: Served) -> None:
    serial = enroll(house, a_code(house), csr(fresh())).json()["serial"]
    path = crl(house)
    path.unlink()
    path.mkdir()

    assert house.client.delete(f"{DEVICES}/{DONGLE}").status_code == 503
    assert house.client.get(f"{DEVICES}/{DONGLE}").json()["standing"] == "revoked"

    path.rmdir()
    assert house.client.delete(f"{DEVICES}/{DONGLE}").status_code == 200
    assert [f"{each.serial_number:x}" for each in published(house)] == [serial]


def test_the_list_is_written_anew_only_when_it_changes_or_a_day_has_passed(house: Served) -> None:
    enroll(house, a_code(house), csr(fresh()))
    before = crl(house).read_bytes()
    house.clock.forward(hours=1)

    house.service.rounds.turn(house.clock())
    assert crl(house).read_bytes() == before
    house.clock.forward(days=1)
    house.service.rounds.turn(house.clock())
    assert crl(house).read_bytes() != before


def test_the_list_names_in_words_whose_connection_is_to_end(house: Served) -> None:
    serial = enroll(house, a_code(house), csr(fresh())).json()["serial"]
    house.client.delete(f"{DEVICES}/{DONGLE}")

    in_words, _, _ = crl(house).read_text().partition("-----BEGIN")

    assert in_words == f"revoked {DONGLE} {serial}\n"
    assert [f"{each.serial_number:x}" for each in published(house)] == [serial]


@pytest.mark.parametrize("others", ["", "revoked bat_other 1f\n"])
def test_a_list_whose_words_are_not_its_own_is_written_anew(house: Served, others: str) -> None:
    enroll(house, a_code(house), csr(fresh()))
    house.client.delete(f"{DEVICES}/{DONGLE}")
    genuine = crl(house).read_text()
    crl(house).write_text(others + genuine[genuine.index("-----BEGIN") :])

    house.service.rounds.turn(house.clock())

    assert crl(house).read_text().startswith(f"revoked {DONGLE} ")


@pytest.mark.parametrize("text", [b"", b"half a list", None])
def test_a_list_that_is_damaged_or_of_another_authority_is_written_anew(house: Served, tmp_path: Path, text: bytes | None) -> None:
    if text is None:
        Authority.create(tmp_path, house.clock())
        text = (tmp_path / "revoked.crl").read_bytes()
    crl(house).write_bytes(text)

    house.service.rounds.turn(house.clock())

    assert published(house).is_signature_valid(Authority.load(crl(house).parent).key.public_key())


def test_one_shut_out_that_goes_on_asking_keeps_no_new_one_out(house: Served) -> None:
    held = fresh()
    certificate = enroll(house, a_code(house), csr(held)).json()["certificate"]
    house.client.delete(f"{DEVICES}/{DONGLE}")
    for _ in range(WRONG_TRIES + 1):
        renew(house, certificate, held)

    assert enroll(house, a_code(house), csr(fresh()), "bat_new").status_code == 200


def test_who_comes_second_with_a_code_is_denied_and_logged(house: Served) -> None:
    code, provision = a_code(house), house.service.use.provision
    beaten = BeatenToIt(provision.credentials, lambda: enroll(house, code, csr(fresh()), "bat_first").raise_for_status())
    provision.credentials = cast("fleet_ports.Credentials", beaten)

    reply = enroll(house, code, csr(fresh()), "bat_second")

    assert (reply.status_code, reply.json()["code"]) == (403, "denied")
    assert denials(house) == 1
    assert [device.id for device in provision.devices.all()] == ["bat_first"]


@pytest.mark.parametrize("curve", ["prime192v1", "secp224r1", "secp192k1", "sect163k1"])
def test_a_weak_or_unknown_curve_is_refused_and_uses_no_code_up(house: Served, curve: str) -> None:
    code = a_code(house)

    reply = enroll(house, code, (REQUESTS / f"{curve}.csr").read_text())

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    assert "P-256" in reply.json()["detail"]
    assert enroll(house, code, csr(fresh())).status_code == 200


def test_the_list_of_the_revoked_never_runs_out_and_comes_back(house: Served) -> None:
    serial = enroll(house, a_code(house), csr(fresh())).json()["serial"]
    house.client.delete(f"{DEVICES}/{DONGLE}")
    crl(house).unlink()

    house.service.rounds.turn(house.clock())
    assert [f"{each.serial_number:x}" for each in published(house)] == [serial]
    house.clock.forward(days=366)
    house.service.rounds.publish_revoked(house.clock())

    until = published(house).next_update_utc
    assert until is not None
    assert until > house.clock() + timedelta(days=364)
