"""Octopus Energy's tariff codes: fuel, registers, product and region in one word."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Self

from app.domain.errors import InvalidInputError
from app.domain.site import LONDON

REGIONS = "ABCDEFGHJKLMNP"
"""Grid regions of Great Britain; there is no I and no O."""

FEWEST_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NightWindow:
    """The clock times between which a day/night tariff charges its night rate; it may cross midnight."""

    start: time
    end: time
    zone: tzinfo

    def contains(self, instant: datetime) -> bool:
        """Tell whether the instant is charged at the night rate."""
        clock = instant.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


ECONOMY_7 = NightWindow(start=time(0, 30), end=time(7, 30), zone=UTC)
"""Smart meters switch at these UTC times all year."""

INTELLIGENT = NightWindow(start=time(23, 30), end=time(5, 30), zone=LONDON)
"""The Intelligent Go tariffs that publish day and night rates count the night by the wall clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OctopusTariff:
    """One electricity tariff: a product in a region, with one register or with two (day and night)."""

    product: str
    region: str
    registers: int = 1

    def __post_init__(self) -> None:
        if len(self.region) != 1 or self.region not in REGIONS:
            raise InvalidInputError(f"there is no grid region {self.region!r}; the regions are {REGIONS}")
        if self.registers not in {1, 2}:
            raise InvalidInputError(f"a tariff has 1 or 2 registers, not {self.registers}")
        if not self.product or set(self.product) & set("/?# "):
            raise InvalidInputError(f"{self.product!r} is no product code")

    @classmethod
    def parse(cls, code: str) -> Self:
        """Return the tariff a code such as `E-1R-AGILE-24-10-01-C` names.

        Raises:
            InvalidInputError: the code does not have this shape, or is a gas tariff.
        """
        parts = code.strip().upper().split("-")
        if len(parts) < FEWEST_PARTS or parts[0] != "E" or parts[1] not in {"1R", "2R"}:
            raise InvalidInputError(f"{code!r} is no electricity tariff code like E-1R-AGILE-24-10-01-C")
        return cls(product="-".join(parts[2:-1]), region=parts[-1], registers=int(parts[1][0]))

    @property
    def code(self) -> str:
        """The tariff code, e.g. `E-1R-AGILE-24-10-01-C`."""
        return f"E-{self.registers}R-{self.product}-{self.region}"

    @property
    def path(self) -> str:
        """Where its rates are, below the API's base."""
        return f"products/{self.product}/electricity-tariffs/{self.code}"

    @property
    def is_agile(self) -> bool:
        """Whether every half-hour has its own price, published the afternoon before."""
        return "AGILE" in self.product

    @property
    def night(self) -> NightWindow:
        """When its night register counts, if it has one."""
        return INTELLIGENT if self.product.startswith(("IOG", "INTELLI")) else ECONOMY_7
