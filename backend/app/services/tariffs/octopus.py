"""Octopus Energy: a product in a region of Great Britain, in pounds incl. VAT."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from app.document.strict import SecretName, Url
from app.domain.price import Direction, Price
from app.services.octopus.energy import OctopusEnergy, known_until
from app.services.octopus.tariff import OctopusTariff
from app.services.tariffs.source import OneWay, PriceSource, Tools

SELLING = frozenset({"OUTGOING", "EXPORT", "SEG"})
BOTH_WAYS = frozenset({"INTELLI", "FLUX"})


class Octopus(PriceSource):
    """A product of Octopus Energy in a region of Great Britain."""

    shared: ClassVar[bool] = True
    source: Literal["octopus"] = "octopus"
    product: str = Field(min_length=1, max_length=64, examples=["AGILE-24-10-01"])
    region: str = Field(pattern="^[A-HJ-NP]$", description="Region letter; `prices region POSTCODE` finds it.")
    payment_method: Literal["DIRECT_DEBIT", "NON_DIRECT_DEBIT"] = "DIRECT_DEBIT"
    base_url: Url = "https://api.octopus.energy/v1/"
    api_key: SecretName | None = Field(None, description="Only for metered consumption; prices are public.")

    @property
    def only_for(self) -> Direction | None:
        """The direction that the product's code names. Intelligent Flux pays both ways under the code of its import."""
        words = set(self.product.upper().split("-"))
        if words & SELLING:
            return Direction.EXPORT
        return Direction.IMPORT if "IMPORT" in words and not words >= BOTH_WAYS else None

    def doubt(self, direction: Direction) -> str | None:
        """Return that a product under export does not call itself one."""
        both = set(self.product.upper().split("-")) >= BOTH_WAYS
        if direction is Direction.EXPORT and self.only_for is None and not both:
            return f"{self.product} stands under export, and products for export are called {' or '.join(sorted(SELLING))}"
        return None

    def open(self, direction: Direction, tools: Tools) -> OneWay:
        """Return the product's rates as half-hours."""
        tariff = OctopusTariff(product=self.product, region=self.region)
        client = OctopusEnergy(
            http=tools.http(self.base_url),
            import_tariff=tariff,
            export_tariff=tariff,
            payment_method=self.payment_method,
            api_key=tools.secret(self.api_key) if self.api_key else None,
        )
        return OctopusRates(client=client, tariff=tariff, direction=direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class OctopusRates:
    """A tariff's unit rates in one direction."""

    client: OctopusEnergy
    tariff: OctopusTariff
    direction: Direction

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.client.name

    @property
    def told_as(self) -> str:
        """What its prices name as their source."""
        return self.client.told_as(self.tariff)

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return the published half-hours of [start, end), oldest first, in GBP per kWh incl. VAT."""
        return self.client.unit_rates(self.tariff, self.direction, start, end)

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which the tariff should be known by now."""
        return known_until(self.tariff, now)
