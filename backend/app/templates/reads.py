"""What can be read from a device, under names that mean the same for every make.

A key is `thing.quantity`, or `thing.part.quantity` for a part that is only added up. Signs are ours: charging and importing are positive.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.templates.words import Kind, WordOrder, count

Mark = Literal["S", "L", "C"]
"""How sure a fact is: S two independent sources or the vendor's paper, L one good source, C check on hardware first."""
Table = Literal["holding", "input"]
Key = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z0-9_]+){1,2}$")]
LAST_ADDRESS = 65535
Address = Annotated[int, Field(ge=0, le=LAST_ADDRESS)]

UNITS: Mapping[str, tuple[str, float, float]] = {
    "soc": ("%", 0, 100),
    "soh": ("%", 0, 100),
    "power": ("W", -100_000, 100_000),
    "voltage": ("V", 0, 1000),
    "current": ("A", -500, 500),
    "temperature": ("°C", -40, 90),
    "energy": ("kWh", 0, 10_000_000),
    "number": ("", -100_000, 100_000),
}
"""A quantity's unit, and between what it is believed when the template does not know better."""


class Strict(BaseModel):
    """Data that knows all its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Read(Strict):
    """One number in the device: `(raw + offset) * scale`, believed inside `valid`."""

    at: Address
    kind: Kind = Field(alias="as")
    table: Table | None = None
    order: WordOrder | None = None
    scale: float = 1.0
    offset: float = 0.0
    valid: tuple[float, float] | None = None
    every: Literal["fast", "slow"] = "fast"
    mark: Mark
    note: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.scale == 0:
            raise ValueError("scale: 0 says nothing")
        if self.valid and self.valid[0] >= self.valid[1]:
            raise ValueError("valid: from low to high")
        if self.at + self.words > LAST_ADDRESS + 1:
            raise ValueError("at: its last word would lie behind 65535")
        return self

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return count(self.kind)


class Column(Strict):
    """One number in a table that the device prints, by the column's name."""

    name: str
    mark: Mark
    note: str = ""


class Derived(Strict):
    """One number made of others: their sum less some; or a magnitude whose sign, or a raw word whose power of ten, stands elsewhere."""

    add: tuple[Key, ...] = Field(alias="sum", default=())
    less: tuple[Key, ...] = ()
    magnitude: Key | None = None
    negative_when: dict[Key, int] = Field(default_factory=dict, max_length=1)
    raw: Key | None = None
    ten_to: Key | None = None
    scale: float = 1.0

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        ways = [bool(self.add), bool(self.magnitude and self.negative_when), bool(self.raw and self.ten_to)]
        if sum(ways) != 1:
            raise ValueError("either sum (and less), or magnitude with negative_when, or raw with ten_to")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys it is made of."""
        named = (self.magnitude, *self.negative_when, self.raw, self.ten_to)
        return (*self.add, *self.less, *(key for key in named if key))

    def of(self, values: Mapping[str, float]) -> float:
        """Return the number, from the values of its sources.

        Raises:
            KeyError: a source is missing, so there is no number.
        """
        if self.magnitude:
            ((sign, negative),) = self.negative_when.items()
            return abs(values[self.magnitude]) * (-1 if values[sign] == negative else 1) * self.scale
        if self.raw and self.ten_to:
            return values[self.raw] * float(10 ** values[self.ten_to]) * self.scale
        return (sum(values[key] for key in self.add) - sum(values[key] for key in self.less)) * self.scale


def believed(key: str, read: Read | None = None) -> tuple[float, float]:
    """Return between what a value of that key is believed."""
    if read and read.valid:
        return read.valid
    _, low, high = UNITS[key.rsplit(".", 1)[1]]
    return low, high
