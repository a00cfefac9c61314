"""Where the documents of houses are kept, and their secrets."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.domain.audit import AuditEntry
from app.domain.description import Description, SealedSecret
from app.domain.site import SiteId


class Descriptions(Protocol):
    """Every version of every house's document. A change and its entry in the log are stored together."""

    def versions(self) -> Mapping[SiteId, int]:
        """Return the version that holds, of every house."""
        ...

    def get(self, site: SiteId) -> Description | None:
        """Return the version that holds; None where there is no such house."""
        ...

    def history(self, site: SiteId) -> Sequence[Description]:
        """Return every version, oldest first."""
        ...

    def put(self, description: Description, entry: AuditEntry) -> None:
        """Store a version on top of the one before it.

        Raises:
            ConflictError: somebody else changed it first.
        """
        ...


class Secrets(Protocol):
    """The secrets of houses, encrypted. A change and its entry in the log are stored together."""

    def all(self, site: SiteId) -> Sequence[SealedSecret]:
        """Return the secrets of a house, by name."""
        ...

    def marks(self) -> Mapping[SiteId, str]:
        """Return what tells the present secrets of each house from those of another moment."""
        ...

    def put(self, site: SiteId, secret: SealedSecret, entry: AuditEntry) -> None:
        """Store a secret in place of the one before."""
        ...

    def remove(self, site: SiteId, name: str, entry: AuditEntry) -> None:
        """Forget a secret.

        Raises:
            NotFoundError: no such secret.
        """
        ...


class Seal(Protocol):
    """Encrypts with the key file of the service."""

    def seal(self, site: SiteId, name: str, text: str) -> str:
        """Return a secret encrypted; it opens only for the same house and name."""
        ...

    def open(self, site: SiteId, name: str, sealed: str) -> str:
        """Return a secret in the clear.

        Raises:
            UnavailableError: the key file is another one, or the text was changed.
        """
        ...
