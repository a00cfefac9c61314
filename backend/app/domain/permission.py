"""What a device's owner lets it do, and what is left of what it can do."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.capability import Capability, DeviceLimit
from app.domain.site import Mode, Withheld


class Leave(StrEnum):
    """What the owner says to one thing; what is not said is let."""

    YES = "yes"
    NO = "no"
    NOT_SAID = "not_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the owner lets a device do, under one switch that ends all control at once."""

    control: bool = True
    charge_from_grid: Leave = Leave.NOT_SAID
    sell: Leave = Leave.NOT_SAID
    """Whether it may export on purpose: give from the battery, or surplus before the battery has taken it."""
    feed_car: Leave = Leave.NOT_SAID
    """Whether the battery may give what the car takes."""
    be_throttled: Leave = Leave.NOT_SAID
    """Whether it may be told to give less than it could."""

    def against(self, mode: Mode) -> str | None:
        """Return why its owner does not let it be told a mode; None where it may."""
        if mode is Mode.SELF_USE:
            return None
        if not self.control:
            return "control is switched off"
        if mode is Mode.FORCE_CHARGE and self.charge_from_grid is Leave.NO:
            return "its owner does not let it charge from the grid"
        if mode in (Mode.FORCE_DISCHARGE, Mode.FEED_IN_FIRST) and self.sell is Leave.NO:
            return "its owner does not let it sell"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may be planned and told: modes in the order of `Mode`, and the rest with its reason."""

    modes: tuple[Mode, ...]
    withheld: tuple[Withheld, ...]
    own_power: tuple[Mode, ...] = ()
    """Offered forced modes whose power cannot be set."""
    limits: tuple[DeviceLimit, ...] = ()


def offered(capability: Capability, permission: Permission) -> Offer:
    """Return what a device can do and its owner lets it do. Self-use is always left: it is what goes on when nothing is ordered."""
    reasons = {mode: _reason(capability, permission, mode) for mode in Mode}
    modes = tuple(mode for mode, reason in reasons.items() if reason is None)
    abilities = {ability.mode: ability for ability in capability.abilities}
    forced = (mode for mode in (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE) if mode in modes)
    return Offer(
        modes=modes,
        withheld=tuple(Withheld(mode=mode, reason=reason) for mode, reason in reasons.items() if reason is not None),
        own_power=tuple(mode for mode in forced if abilities[mode].power is None),
        limits=capability.limits if permission.control and capability.read_only is None else (),
    )


def _reason(capability: Capability, permission: Permission, mode: Mode) -> str | None:
    """Return why a mode is withheld: what cannot be done at all comes before what may not."""
    if mode is Mode.SELF_USE:
        return None
    if mode not in capability.modes:
        lacking = (each.reason for each in capability.lacks if each.mode is mode)
        return next(lacking, f"it cannot be told {mode}")
    if capability.read_only is not None:
        return f"it is only read: {capability.read_only}"
    return permission.against(mode)
