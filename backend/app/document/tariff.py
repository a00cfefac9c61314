"""What energy costs: agreements one after the other, each with a source for buying and one for selling."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from app.document.strict import SecretName, Strict, Url

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Octopus(Strict):
    """A product of Octopus Energy in a region of Great Britain."""

    source: Literal["octopus"] = "octopus"
    product: str = Field(min_length=1, max_length=64, examples=["AGILE-24-10-01"])
    region: str = Field(pattern="^[A-HJ-NP]$", description="Region letter; `prices region POSTCODE` finds it.")
    payment_method: Literal["DIRECT_DEBIT", "NON_DIRECT_DEBIT"] = "DIRECT_DEBIT"
    base_url: Url = "https://api.octopus.energy/v1/"
    api_key: SecretName | None = Field(None, description="Only for metered consumption; prices are public.")


class Fixed(Strict):
    """One price at all times; 0 says nobody pays."""

    source: Literal["fixed"] = "fixed"
    per_kwh: float = Field(description="In the currency of the place.")


class Simulated(Strict):
    """Made-up prices of Agile's shape, to play with."""

    source: Literal["simulated"] = "simulated"


type Buying = Annotated[Octopus | Fixed | Simulated, Field(discriminator="source")]
type Selling = Annotated[Octopus | Fixed | Simulated, Field(discriminator="source")]


class Agreement(Strict):
    """What holds from one instant to another; open at an end that is not given."""

    from_: AwareDatetime | None = Field(None, alias="from")
    to: AwareDatetime | None = None
    buying: Buying = Field(alias="import")
    selling: Selling = Field(default_factory=lambda: Fixed(per_kwh=0.0), alias="export")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to <= self.from_:
            raise ValueError("an agreement ends after it begins")
        if isinstance(self.selling, Simulated) != isinstance(self.buying, Simulated):
            raise ValueError("simulated prices come for both directions")
        return self

    def holds(self, instant: datetime) -> bool:
        """Tell whether it holds at an instant."""
        return (self.from_ is None or self.from_ <= instant) and (self.to is None or instant < self.to)


class Tariff(Strict):
    """Every agreement, oldest first."""

    agreements: tuple[Agreement, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _follow(self) -> Self:
        for one, following in pairwise(self.agreements):
            if one.to is None or following.from_ is None or following.from_ < one.to:
                raise ValueError("agreements follow each other: each ends before the next begins")
        return self

    @property
    def is_simulated(self) -> bool:
        """Whether any prices are made up."""
        return any(isinstance(each.buying, Simulated) for each in self.agreements)
