"""Who may do what."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.site import SiteId

ALL_SITES = SiteId("*")
"""Stands for every house."""


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
    site: SiteId = ALL_SITES
    """The house that it is for."""

    @property
    def is_for_all(self) -> bool:
        """Whether it is good for every house."""
        return self.site == ALL_SITES

    def opens(self, site: SiteId) -> bool:
        """Tell whether it is good for a house."""
        return self.site in {ALL_SITES, site}
