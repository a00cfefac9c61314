"""What a device can do by the way it is reached."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.site import Mode, Withheld


class OrderLife(StrEnum):
    """How long an order lives when nobody tells it again."""

    TIMER = "timer"
    """Until a timer of the device, or of what speaks to it, runs out."""
    AS_TOLD = "as_told"
    """As long as the order itself says."""
    STORED = "stored"
    """Until it is taken back."""


class ReadBack(StrEnum):
    """What shows that an order was taken."""

    SETTINGS = "settings"
    """What was written can be read again."""
    POWER = "power"
    """Only the battery's power can tell."""


class DeviceLimit(StrEnum):
    """What can be bounded beside the modes."""

    CHARGE_POWER = "charge_power"
    DISCHARGE_POWER = "discharge_power"
    DISCHARGE_CURRENT = "discharge_current"
    MAX_SOC = "max_soc"
    MIN_SOC = "min_soc"
    GRID_CHARGE = "grid_charge"
    """Whether it may charge from the grid at all."""


class SetPointUnit(StrEnum):
    """What a number of an order is given in."""

    KW = "kW"
    A = "A"
    PCT = "%"
    PCT_OF_FULL_POWER = "% of full power"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPoint:
    """A number an order can carry, from the least to the most in steps; None where only the device itself knows."""

    unit: SetPointUnit
    least: float | None = None
    most: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One mode, with the numbers its order can carry; None for a number that cannot be set."""

    mode: Mode
    power: SetPoint | None = None
    target_soc: SetPoint | None = None
    current: SetPoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """All that a device can do by one way, and why it cannot do the rest."""

    abilities: tuple[Ability, ...]
    lacks: tuple[Withheld, ...] = ()
    read_only: str | None = None
    """Why nothing is ever written to it, whatever it could do; None where it obeys."""
    has_self_use: bool = True
    """Whether it follows the house by itself; one that only knows set-points has to be moved all the time."""
    order_life: OrderLife = OrderLife.STORED
    longest_order_s: float | None = None
    """How long an order may last at most, in s; None for no bound."""
    read_back: ReadBack = ReadBack.SETTINGS
    limits: tuple[DeviceLimit, ...] = ()
    schedule_slots: int = 0
    """How many slots of a plan it keeps by itself."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes it can be told."""
        return tuple(ability.mode for ability in self.abilities)

    def ability(self, mode: Mode) -> Ability | None:
        """Return what it offers in a mode; None where it has none."""
        return next((each for each in self.abilities if each.mode is mode), None)


ANYTHING = Capability(
    abilities=tuple(
        Ability(
            mode=mode,
            power=SetPoint(unit=SetPointUnit.KW, least=0) if mode in (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE) else None,
            target_soc=SetPoint(unit=SetPointUnit.PCT, least=0, most=100) if mode in (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE) else None,
        )
        for mode in Mode
    )
)
"""Of a device that no model describes: whoever executes knows better."""
