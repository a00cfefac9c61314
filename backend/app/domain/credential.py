"""What lets a device in: a code that works once, then certificates."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.site import SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCode:
    """A code as we keep it: never itself, only its SHA-256 in hex."""

    sha256: str
    site: SiteId
    device: str | None
    """The only device it is for; None for whichever comes first."""
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_by: str | None = None

    def refusal(self, device: str, now: datetime) -> str | None:
        """Return why it does not let a device in; None where it does."""
        if self.used_at is not None:
            return f"this code was used by {self.used_by}"
        if now >= self.expires_at:
            return f"this code was good until {self.expires_at:%Y-%m-%d %H:%M} UTC"
        return None if self.device in {None, device} else f"this code is for {self.device}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate as we keep it; the serial number is in hex."""

    serial: str
    device: str
    sha256: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A fresh certificate with its text in PEM."""

    certificate: Certificate
    pem: str
