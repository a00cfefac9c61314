"""The house's own small certificate authority. Its key is a file that only we can read; devices keep their keys to themselves."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.credential import Certificate, Issued
from app.domain.errors import ConflictError, DeniedError, InvalidInputError, NotFoundError, UnavailableError

CA_LIFE, BROKER_LIFE, DEVICE_LIFE = timedelta(days=3650), timedelta(days=1825), timedelta(days=730)
"""A device's as long as a person will leave its firmware alone, for it carries the certificate from one flash to the next."""
CRL_LIFE = timedelta(days=365)
"""Written anew with every revocation and every day; a broker refuses everybody once its list is out of date."""
CRL_FRESH = timedelta(days=1)
CLOCKS_DIFFER = timedelta(minutes=10)
"""A certificate is good from a little earlier, for devices whose clock is late."""
LEAST_RSA_BITS = 2048
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
"""What TLS 1.3 signs with; others are weak or unknown to brokers."""
MOST_PEM = 8_000

type DeviceKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs devices' certificates and says which are no longer good."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate
    folder: Path
    device_life: timedelta = DEVICE_LIFE

    @classmethod
    def create(cls, folder: Path, now: datetime) -> "Authority":
        """Make an authority in a folder that has none.

        Raises:
            ConflictError: there is one already, and whoever trusts it would be lost.
            UnavailableError: the folder cannot be written.
        """
        if (folder / KEY).exists():
            raise ConflictError(f"{folder} has an authority already")
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Battery optimizer CA")
        builder = _certificate(name, name, key.public_key(), now, CA_LIFE).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        root = builder.add_extension(_usage(signs_certificates=True), critical=True).sign(key, hashes.SHA256())
        made = cls(key, root, folder)
        try:
            (folder / LOG).mkdir(parents=True, exist_ok=True)
            (folder / LOG).chmod(SHARED)
            write_whole(folder / KEY, key_pem(key), OURS_ALONE)
            write_whole(folder / ROOT, root.public_bytes(serialization.Encoding.PEM), PUBLIC)
        except OSError as error:
            raise UnavailableError(f"the authority cannot be written: {error}") from error
        made.publish_revoked([], now)
        return made

    @classmethod
    def load(cls, folder: Path, device_life: timedelta = DEVICE_LIFE) -> "Authority":
        """Return the authority of a folder.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: what is there cannot be read.
        """
        try:
            key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
            root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
        except FileNotFoundError as error:
            raise NotFoundError(f"{folder} has no authority: run `battery-optimizer ca create`") from error
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"the authority in {folder} cannot be read: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InvalidInputError(f"the authority in {folder} has a key of another kind")
        return cls(key, root, folder, device_life)

    @property
    def root_pem(self) -> str:
        """What devices and the broker trust."""
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, csr_pem: str, device: str, now: datetime) -> Issued:
        """Return a certificate for the key of a request. Its name is the device's id, whatever the request says.

        Raises:
            InvalidInputError: the request cannot be read, is not signed by its key, or its key is weak.
        """
        key = _requested_key(csr_pem)
        builder = self._issued(_name(device), key, now, self.device_life)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        signed = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False).sign(
            self.key, hashes.SHA256()
        )
        return Issued(certificate=_kept(signed, device), pem=signed.public_bytes(serialization.Encoding.PEM).decode())

    def sign_broker(self, names: Sequence[str], now: datetime) -> None:
        """Write key and certificate of a broker that is found under these names and addresses. The broker reads the key by its group.

        Raises:
            UnavailableError: they cannot be written.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._issued(_name(names[0]), key.public_key(), now, BROKER_LIFE)
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        signed = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False).sign(
            self.key, hashes.SHA256()
        )
        try:
            write_whole(self.folder / "server.key", key_pem(key), OUR_GROUP)
            write_whole(self.folder / "server.crt", signed.public_bytes(serialization.Encoding.PEM), PUBLIC)
        except OSError as error:
            raise UnavailableError(f"the broker's certificate cannot be written: {error}") from error

    def _issued(self, subject: x509.Name, key: DeviceKey, now: datetime, life: timedelta) -> x509.CertificateBuilder:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return _certificate(subject, self.root.subject, key, now, life).add_extension(issuer, critical=False)

    def proven(self, certificate_pem: str, message: bytes, signature: bytes, now: datetime) -> Certificate:
        """Return a certificate of ours that is in date and whose key signed a message.

        Raises:
            DeniedError: it is not ours, out of date, or somebody else signed.
        """
        try:
            given = x509.load_pem_x509_certificate(certificate_pem[:MOST_PEM].encode())
            given.verify_directly_issued_by(self.root)
            _verify(given.public_key(), message, signature)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise DeniedError("the certificate is not of this house, or its key did not sign this") from error
        kept = _kept(given, str(given.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))
        if not kept.issued_at <= now < kept.expires_at:
            raise DeniedError(f"the certificate was good until {kept.expires_at:%Y-%m-%d %H:%M} UTC: enroll anew with a code")
        return kept

    def publish_revoked(self, revoked: Sequence[Certificate], now: datetime) -> None:
        """Write the list of certificates that are no longer good where the broker reads it, unless it is there and fresh.

        Before the list itself, where PEM leaves room for words, a line names each with its device: what starts the broker goes by those.

        Raises:
            UnavailableError: it cannot be written.
        """
        path = self.folder / REVOKED
        if self._lists(path, revoked, now):
            return
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self.root.subject, last_update=now - CLOCKS_DIFFER, next_update=now + CRL_LIFE
        )
        for each in revoked:
            entry = x509.RevokedCertificateBuilder(serial_number=int(each.serial, 16), revocation_date=each.revoked_at or now)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        try:
            write_whole(path, _in_words(revoked) + signed, PUBLIC)
        except OSError as error:
            raise UnavailableError(f"the list of revoked certificates cannot be written: {error}") from error

    def _lists(self, path: Path, revoked: Sequence[Certificate], now: datetime) -> bool:
        """Tell whether a file is a list of ours, of these and not yet a day old."""
        try:
            text = path.read_bytes()
            there = x509.load_pem_x509_crl(text)
        except (OSError, ValueError):
            return False
        age = now - CLOCKS_DIFFER - there.last_update_utc
        is_ours = there.is_signature_valid(self.key.public_key()) and text.startswith(_in_words(revoked) + PEM_BEGINS)
        serials = {int(each.serial, 16) for each in revoked}
        return is_ours and timedelta(0) <= age < CRL_FRESH and {each.serial_number for each in there} == serials


KEY, ROOT, REVOKED, LOG = "ca.key", "ca.crt", "revoked.crl", "log"
SHARED = 0o770
"""The broker writes its log there, being in our group."""


PEM_BEGINS = b"-----BEGIN"


def _in_words(revoked: Sequence[Certificate]) -> bytes:
    return "".join(sorted(f"revoked {each.device} {each.serial}\n" for each in revoked)).encode()


def _requested_key(csr_pem: str) -> DeviceKey:
    try:
        request = x509.load_pem_x509_csr(csr_pem[:MOST_PEM].encode())
        is_signed, key = request.is_signature_valid, request.public_key()
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"this is no certificate request in PEM: {error}") from error
    except UnsupportedAlgorithm as error:
        raise InvalidInputError(KEYS_WANTED) from error
    if not is_signed:
        raise InvalidInputError("the request is not signed by its own key")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        return key
    raise InvalidInputError(KEYS_WANTED)


KEYS_WANTED = f"a key is on the curve P-256, P-384 or P-521, or RSA of at least {LEAST_RSA_BITS} bits"


def _verify(key: object, message: bytes, signature: bytes) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    else:
        raise TypeError("a key of another kind")


def _certificate(subject: x509.Name, issuer: x509.Name, key: DeviceKey, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - CLOCKS_DIFFER,
        not_valid_after=now + life,
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)  # a strict client wants it named


def _kept(certificate: x509.Certificate, device: str) -> Certificate:
    return Certificate(
        serial=f"{certificate.serial_number:x}",
        device=device,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        issued_at=certificate.not_valid_before_utc.astimezone(UTC),
        expires_at=certificate.not_valid_after_utc.astimezone(UTC),
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a key as a file holds it."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


OURS_ALONE, OUR_GROUP, PUBLIC = 0o600, 0o640, 0o644
"""Whoever signs reads the authority's key alone; a broker that is in its group reads its own; certificates are for everybody."""


def write_whole(path: Path, text: bytes, mode: int) -> None:
    """Write a file whole or not at all, with these rights whatever stood there; a secret is never readable by others for a moment."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
