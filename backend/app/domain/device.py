"""A device outside: a dongle, a gateway. It is heard only when a person has claimed it for a site."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.errors import InvalidInputError
from app.domain.site import SiteId

PREFIXES = ("bat", "sol", "evc", "hpu", "met", "lod", "gwy")
"""Battery, solar, EV charger, heat pump, meter, load, gateway."""
_ID = re.compile(rf"(?:{'|'.join(PREFIXES)})_[A-Za-z0-9-]{{1,59}}")


class DeviceStanding(StrEnum):
    """Whether a device may be heard."""

    UNCLAIMED = "unclaimed"
    """It appeared; nobody has said whose it is."""
    CLAIMED = "claimed"
    REVOKED = "revoked"
    """It was shut out; only a new claim lets it in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device, the same direct or through a gateway."""

    id: str
    standing: DeviceStanding
    site: SiteId | None
    """Whose it is; None while unclaimed."""
    title: str = ""
    gateway: str | None = None
    """The gateway that speaks for it; None where it speaks for itself."""
    first_seen: datetime
    claimed_by: str | None = None
    claimed_at: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        """Whether it was shut out."""
        return self.standing is DeviceStanding.REVOKED


def unclaimed(device: str, now: datetime) -> Device:
    """Return a device that appears for the first time."""
    return Device(id=device, standing=DeviceStanding.UNCLAIMED, site=None, first_seen=now)


def is_device_id(text: str) -> bool:
    """Tell whether a text can be a device's id."""
    return _ID.fullmatch(text) is not None


def device_id(text: str) -> str:
    """Return the text if it can be a device's id.

    Raises:
        InvalidInputError: it cannot.
    """
    if not is_device_id(text):
        raise InvalidInputError(f"{text[:80]!r} is no device id; one is bat_60bh37202bfa, its prefix one of {', '.join(PREFIXES)}")
    return text
