"""Who may do what."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token allows; each role may do what the ones before it may."""

    VIEWER = "viewer"
    CONTROLLER = "controller"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Tell whether this role is enough."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token as we keep it: never itself, only its SHA-256 in hex."""

    name: str
    role: Role
    sha256: str
