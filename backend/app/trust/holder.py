"""A device's side of its certificate: the key that never leaves it, the request, the proof, the files."""

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.errors import InvalidInputError
from app.trust.credentials import OURS_ALONE, key_pem, write_whole


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has this key is the device."""

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def fresh(cls) -> "Holder":
        """Return one with a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> "Holder":
        """Return one with the key of a file.

        Raises:
            InvalidInputError: there is none, or none of ours.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"{path} cannot be read: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InvalidInputError(f"{path} holds a key of another kind")
        return cls(key)

    def csr(self, device: str) -> str:
        """Return a certificate request in PEM."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def signature(self, message: bytes) -> str:
        """Return the proof that this key saw a message, in base64."""
        return base64.b64encode(self.key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()

    def save(self, path: Path) -> None:
        """Write the key, readable by us alone, whole or not at all."""
        write_whole(path, key_pem(self.key), OURS_ALONE)
