"""Shapes that several resources share. Times are ISO-8601 UTC, units end the names."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from app.domain.decision import Command, Decision, Limit
from app.domain.errors import InvalidInputError
from app.domain.plan import PlanSource, PlanStatus
from app.domain.price import PriceClass, Provenance
from app.domain.setting import NODE_RED
from app.domain.site import Mode
from app.domain.slot import Slot

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _utc(instant: datetime) -> datetime:
    if not EARLIEST <= instant < LATEST:
        raise ValueError("the instant lies outside 2000 to 2100: is the clock set?")
    return instant.astimezone(UTC)


def _zulu(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, AfterValidator(_utc), PlainSerializer(_zulu, when_used="json")]
"""An instant with its zone; always UTC inside and in answers."""

LONGEST_SPAN_DAYS = 400


class Out(BaseModel):
    """An answer, read from the attributes of a noun."""

    model_config = ConfigDict(from_attributes=True)


class In(BaseModel):
    """A request; unknown fields are a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class PriceOut(Out):
    """The prices a decision was made at."""

    import_per_kwh: float | None
    export_per_kwh: float | None
    currency: str
    class_: PriceClass | None = Field(serialization_alias="class")
    provenance: Provenance


class AlternativeOut(Out):
    """A mode not chosen, and what it would have cost more."""

    mode_code: Mode
    extra_cost: float
    why_not: str


class ExplanationOut(Out):
    """The numbers behind a decision."""

    words: str
    binding_limit: Limit
    charge_below_per_kwh: float
    export_above_per_kwh: float
    changed: str | None


class OrderOut(Out):
    """What one asset is told until its lease ends."""

    asset: str = Field(examples=["battery"])
    verb: str = Field(description="A word of the asset's kind: for a battery its mode.", examples=["force_charge"])
    power_kw: float | None
    target_soc_pct: float | None
    lease_until: Instant


class RecommendationOut(Out):
    """What to do in this slot; after `valid_until` go back to self-use."""

    mode: str = Field(examples=["Force Charge"])
    mode_code: Mode
    discharge_current: float = Field(description="A; 0 when not discharging.")
    power_kw: float | None
    target_soc_pct: float | None
    export_limit_kw: float | None = Field(
        description="The most that may flow into the grid meanwhile; None where the inverter cannot be told one."
    )
    reason: str
    reason_code: str
    optimization_status: PlanStatus
    plan_source: PlanSource
    cause: str | None = Field(description="Why a lower rung of the ladder answered.")
    expected_soc: float | None = Field(description="% at the slot's end.")
    slot_start: Instant
    slot_end: Instant
    decided_at: Instant
    valid_until: Instant
    decision_id: str
    plan_id: str | None
    dry_run: bool = Field(default=False, description="Whether whoever asks only shows what it would do; also while a dongle drives.")
    controller: str = Field(
        default=NODE_RED, description="Who carries decisions out: `node_red`, `dongle:` and its id, or `nobody` where control is off."
    )
    price: PriceOut
    stored_kwh_value: float | None = Field(
        description="What one more kWh in the battery after this slot saves, over every path of load and sun; None on lower rungs."
    )
    alternatives: list[AlternativeOut]
    explanation: ExplanationOut | None = Field(description="None on the lower rungs of the ladder, which weigh nothing.")
    orders: list[OrderOut] = Field(description="What every asset is told, the battery first: the fields above say its order.")

    @classmethod
    def of(cls, decision: Decision, *, dry_run: bool = False, controller: str = NODE_RED) -> "RecommendationOut":
        """Return a decision in the field names users script against."""
        price = decision.price
        return cls(
            mode=decision.label,
            mode_code=decision.command.mode,
            discharge_current=decision.discharge_current_a,
            power_kw=decision.command.power_kw,
            target_soc_pct=decision.command.target_soc_pct,
            export_limit_kw=decision.command.export_limit_kw,
            reason=decision.reason,
            reason_code=decision.reason_code,
            optimization_status=decision.status,
            plan_source=decision.plan_source,
            cause=decision.cause,
            expected_soc=decision.expected_soc_pct,
            slot_start=decision.slot.start,
            slot_end=decision.slot.end,
            decided_at=decision.decided_at,
            valid_until=decision.valid_until,
            decision_id=decision.id,
            plan_id=decision.plan_id,
            dry_run=dry_run,
            controller=controller,
            price=PriceOut(
                import_per_kwh=price.import_per_kwh,
                export_per_kwh=price.export_per_kwh,
                currency=decision.currency,
                class_=price.price_class,
                provenance=price.provenance,
            ),
            stored_kwh_value=decision.stored_kwh_value,
            alternatives=[
                AlternativeOut(mode_code=each.command.mode, extra_cost=each.extra_cost, why_not=each.why_not)
                for each in decision.alternatives
            ],
            explanation=None if decision.explanation is None else ExplanationOut.model_validate(decision.explanation),
            orders=[OrderOut.model_validate(order) for order in decision.orders],
        )


class CommandIn(In):
    """A mode to force."""

    mode: Mode
    power_kw: float | None = Field(None, ge=0, le=1000)
    target_soc_pct: float | None = Field(None, ge=0, le=100)

    def command(self) -> Command:
        """Return the noun."""
        return Command(mode=self.mode, power_kw=self.power_kw, target_soc_pct=self.target_soc_pct)


def span(start: datetime, end: datetime, *, longest_days: int = LONGEST_SPAN_DAYS) -> Slot:
    """Return a requested span.

    Raises:
        InvalidInputError: it is empty, turned round or too long.
    """
    if not start < end:
        raise InvalidInputError("start must lie before end")
    if start < EARLIEST or end > LATEST:
        raise InvalidInputError(f"a span lies within {EARLIEST.year} to {LATEST.year}")
    if (end - start).days > longest_days:
        raise InvalidInputError(f"a span covers at most {longest_days} days here")
    return Slot(start, end)
