"""Secrets at rest: encrypted with the key file of the service, each bound to its house and name."""

import base64
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.errors import UnavailableError
from app.domain.site import SiteId

KEY_BYTES, NONCE_BYTES = 32, 12
FORM = "1."
"""AES-256-GCM; nonce and text in base64."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The key in a file that only the service reads; it is made when the first secret is sealed."""

    path: Path

    def seal(self, site: SiteId, name: str, text: str) -> str:
        """Return a secret encrypted; it opens only for the same house and name.

        Raises:
            UnavailableError: the key file cannot be read or made.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(self._key(make=True)).encrypt(nonce, text.encode(), _bound(site, name))
        return FORM + base64.b64encode(sealed).decode()

    def open(self, site: SiteId, name: str, sealed: str) -> str:
        """Return a secret in the clear.

        Raises:
            UnavailableError: the key file is missing or another one, or the text was changed.
        """
        key = self._key(make=False)
        try:
            raw = base64.b64decode(sealed.removeprefix(FORM), validate=True)
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(site, name)).decode()
        except (InvalidTag, ValueError) as error:
            raise UnavailableError(f"the secret {name} of {site} does not open with the key in {self.path}: set it again") from error

    def _key(self, *, make: bool) -> bytes:
        try:
            if make and not self.path.exists():
                _make(self.path)
            key = base64.b64decode(self.path.read_text().strip(), validate=True)
        except FileNotFoundError as error:
            raise UnavailableError(f"the key file {self.path} is missing: bring it back, or set each secret again") from error
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the key file {self.path} cannot be read: {error}") from error
        if len(key) != KEY_BYTES:
            raise UnavailableError(f"the key file {self.path} holds no key of {KEY_BYTES} bytes")
        return key


def _make(path: Path) -> None:
    """Write a new key, whole or not at all, readable by its owner only; of two who do so at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _bound(site: SiteId, name: str) -> bytes:
    return f"{site}/{name}".encode()
