"""An order: what one asset is told now, and how far it is proved that it does so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.asset import AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one asset is told to do until its lease ends; then it goes back to what it does by itself."""

    asset: AssetId
    verb: str
    """A word of the asset's kind: for a battery a `Mode`."""
    power_kw: float | None = None
    target_soc_pct: float | None = None
    lease_until: datetime


class Evidence(StrEnum):
    """How far it is proved that an order is carried out, one level after the other."""

    TOLD = "told"
    """It was sent."""
    ACCEPTED = "accepted"
    """The transport took it: a broker, Home Assistant, a dongle."""
    READ_BACK = "read_back"
    """The device that was told says so itself, asked after it was told."""
    SEEN = "seen"
    """The measured power is what the order asks for."""
    DELIVERED = "delivered"
    """The energy of the whole slot is."""

    @property
    def level(self) -> int:
        """How much it proves: the higher, the more."""
        return list(Evidence).index(self)


class Effect(StrEnum):
    """What the measured flows of a slot say of an order."""

    SHOWN = "shown"
    NONE_DUE = "none_due"
    """Nothing had to show: a hold without a deficit, a charge of a full battery."""
    MISSING = "missing"
    """This moment had to show it, and does not."""
