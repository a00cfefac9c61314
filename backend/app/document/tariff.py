"""What energy costs: agreements one after the other, each with a source for buying and one for selling."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BeforeValidator, Field, SerializeAsAny, model_validator

from app.document.strict import Strict
from app.domain.price import Direction


class Retail(Strict):
    """From what the source says to what the house pays or earns: (price x factor + add_per_kwh) and VAT on it."""

    factor: float = Field(1.0, ge=-10, le=10)
    add_per_kwh: float = Field(0.0, description="Mark-up, transfer and taxes without VAT, in currency per kWh; below 0 it is taken off.")
    vat_pct: float = Field(0.0, ge=0, le=100)

    def price(self, per_kwh: float) -> float:
        """Return what is paid or earned per kWh."""
        return round((per_kwh * self.factor + self.add_per_kwh) * (1 + self.vat_pct / 100), PRICE_DECIMALS)


PRICE_DECIMALS = 8


class PriceOptions(Strict):
    """What a house says of a price source. Each source declares its own fields in its own file; `source` names it."""

    source: str
    retail: Retail | None = Field(None, description="Where the source tells a wholesale price.")

    @property
    def only_for(self) -> Direction | None:
        """The direction that it says itself its prices are for; None where it does not say."""
        return None

    def doubt(self, direction: Direction) -> str | None:
        """Return why it hardly tells the prices of a direction; None where nothing speaks against it."""
        del direction
        return None


def known() -> dict[str, type[PriceOptions]]:
    """Return every kind of price source that was declared, by its name."""
    kinds, waiting = dict[str, type[PriceOptions]](), list(PriceOptions.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if isinstance(name := kind.model_fields["source"].default, str):
            kinds[name] = kind
    return dict(sorted(kinds.items()))


def _of_its_kind(value: Any) -> Any:  # noqa: ANN401  (whatever a document says)
    """Read what a document says of a source by the kind that its name tells."""
    if isinstance(value, PriceOptions) or not isinstance(value, dict):
        return value
    kind = known().get(value.get("source", ""))
    if kind is None:
        raise ValueError(f"there is no price source {value.get('source')!r}; there are {', '.join(known())}")
    return kind.model_validate(value)


type PriceFrom = Annotated[SerializeAsAny[PriceOptions], BeforeValidator(_of_its_kind)]


class Agreement(Strict):
    """What holds from one instant to another; open at an end that is not given. Who sells nothing has no export."""

    from_: AwareDatetime | None = Field(None, alias="from")
    to: AwareDatetime | None = None
    buying: PriceFrom = Field(alias="import")
    selling: PriceFrom | None = Field(None, alias="export", description="Without one nobody pays for what is exported.")

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to <= self.from_:
            raise ValueError("an agreement ends after it begins")
        return self

    @model_validator(mode="after")
    def _is_not_swapped(self) -> Self:
        for direction, options in self.directions:
            if options.only_for not in {None, direction}:
                raise ValueError(
                    f"what stands under {direction} is for {options.only_for} by its own name: swap the two, or correct the product"
                )
        return self

    @property
    def directions(self) -> tuple[tuple[Direction, PriceOptions], ...]:
        """The source of each direction; only of buying where nobody pays."""
        bought = (Direction.IMPORT, self.buying)
        return (bought,) if self.selling is None else (bought, (Direction.EXPORT, self.selling))

    def holds(self, instant: datetime) -> bool:
        """Tell whether it holds at an instant."""
        return (self.from_ is None or self.from_ <= instant) and (self.to is None or instant < self.to)

    @property
    def sources(self) -> tuple[PriceOptions, ...]:
        """Every source it names."""
        return tuple(options for _, options in self.directions)


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
        return any(options.source == SIMULATED for agreement in self.agreements for options in agreement.sources)


SIMULATED = "simulated"


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the document's JSON schema with every kind of price source in the place where one may stand."""
    kinds = {name: kind.model_json_schema(by_alias=True) for name, kind in known().items()}
    definitions = schema.setdefault("$defs", {})
    for kind in kinds.values():
        definitions |= kind.pop("$defs", {})
    definitions["PriceOptions"] = {"oneOf": list(kinds.values()), "discriminator": {"propertyName": "source"}}
    return schema
