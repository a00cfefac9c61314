"""Who knows how a vendor says it."""

from typing import Protocol

from app.domain.decision import Command, Wording
from app.domain.site import Site


class Words(Protocol):
    """Puts what is decided into the words of whoever carries it out."""

    def of(self, site: Site, command: Command, *, discharge_kw: float, voltage_v: float | None) -> Wording:
        """Return a command in the words of a site's inverter; with the discharge expected of it in kW, and the measured voltage."""
        ...
