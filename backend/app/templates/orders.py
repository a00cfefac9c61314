"""What a device can be told: its control registers, and each mode as an ordered list of writes to them."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from app.templates.reads import Address, Mark, Strict
from app.templates.words import Kind, WordOrder, count

ModeName = Literal["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"]
Named = Literal["power", "power_pct", "current", "lease_s", "lease_min", "target_soc", "max_charge", "max_discharge"]
Bound = float | None

PINNED: tuple[ModeName, ...] = ("force_charge", "force_discharge", "hold")
"""Modes that hold the battery against the house's own interest when nobody looks after them; they need the device's own timer."""
TIMER_LEASES: tuple[Named, ...] = ("lease_s", "lease_min")


class Control(Strict):
    """Registers written together by one function code. `flash` wears out: written only on change, on a daily budget."""

    at: Address
    kind: Kind | tuple[Kind, ...] = Field(alias="as")
    function: Literal[6, 16]
    write_class: Literal["ram", "flash"]
    order: WordOrder = "big"
    mark: Mark
    function_mark: Mark = "S"
    """How sure the function code is, where it is less sure than the register."""
    wear: Mark | None = None
    note: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.function == 6 and self.words != 1:  # noqa: PLR2004  (function code 6)
            raise ValueError("function: 6 writes one word, 16 writes several")
        if self.write_class == "ram" and not self.wear:
            raise ValueError("wear: say how sure it is that this does not wear flash")
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The numbers one write sets."""
        return (self.kind,) if isinstance(self.kind, str) else self.kind

    @property
    def words(self) -> int:
        """How many registers one write sets."""
        return sum(map(count, self.kinds))


class Bounds(Strict):
    """How a number becomes a word: times `scale` plus `offset`, between `min` and `max`."""

    scale: float = 1.0
    offset: float = 0.0
    min: Bound = None
    max: Bound = None


class Value(Bounds):
    """A number to write: fixed, or one of the command's."""

    value: int | Named

    def word(self, command: Mapping[str, float]) -> float:
        """Return the number as it is written for a command."""
        number = (self.value if isinstance(self.value, int) else command[self.value]) * self.scale + self.offset
        low = number if self.min is None else max(number, self.min)
        return low if self.max is None else min(low, self.max)


class Step(Bounds):
    """One write. `refresh`: again and again, so that the device's timer never ends while we live. `check`: read back and compare."""

    write: str
    value: int | Named | None = None
    values: tuple[int | Value, ...] = ()
    refresh: bool = False
    check: bool = False

    @model_validator(mode="after")
    def _says_a_value(self) -> Self:
        if (self.value is None) == (not self.values):
            raise ValueError("value: either value or values")
        return self

    @property
    def numbers(self) -> Sequence[Value]:
        """What it writes, number by number."""
        if self.value is None:
            return [Value(value=each) if isinstance(each, int) else each for each in self.values]
        return [Value(value=self.value, scale=self.scale, offset=self.offset, min=self.min, max=self.max)]


class Timer(Strict):
    """The device's own dead-man timer: what happens when nobody writes any more."""

    control: str
    unit: Literal["s", "min"]
    number: int = 0
    """Which of the control's numbers it is."""
    rearmed_by: tuple[str, ...] = Field(min_length=1)
    expires_to: str
    """What the device does then, in words."""
    sets: dict[str, int] = Field(default_factory=dict)
    """Controls that the device itself changes then."""
    mark: Mark
    note: str = ""
