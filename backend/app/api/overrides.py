"""/overrides: a person forces a mode for a span. It wins over the plan and what was forced before, and expires."""

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from app.api.deps import House, Now, Use
from app.api.models import CommandIn, Instant, Out, span
from app.api.security import Controller, Viewer
from app.domain.decision import Override
from app.domain.site import Inverter, Mode

router = APIRouter(prefix="/overrides", tags=["overrides"])


class OverrideIn(CommandIn):
    """What to force, until when."""

    until: Instant
    note: str | None = Field(None, max_length=200)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mode": "hold", "until": "2026-01-15T15:00:00Z", "note": "keep some for the evening"}]}
    )


class OverrideOut(Out):
    """What is forced."""

    start: Instant
    until: Instant
    mode_code: Mode
    power_kw: float | None
    target_soc_pct: float | None
    set_by: str
    note: str | None
    holds_until: Instant | None = Field(
        description="For the one that holds now, which of several is the one set last: when it ends or a newer one begins. Null for others."
    )

    @classmethod
    def of(cls, override: Override, holding: Override | None) -> "OverrideOut":
        """Return an override, beside the one that holds now."""
        command = override.command
        return cls(
            start=override.span.start,
            until=override.span.end,
            mode_code=command.mode,
            power_kw=command.power_kw,
            target_soc_pct=command.target_soc_pct,
            set_by=override.set_by,
            note=override.note,
            holds_until=holding.span.end if holding is not None and holding.span.start == override.span.start else None,
        )


class ForcedOut(OverrideOut):
    """What is forced from now on."""

    covers: list[OverrideOut] = Field(description="What it is laid over: that holds again once this ends or is released.")


class OfferedOut(Out):
    """A mode that can be forced."""

    mode_code: Mode
    word: str = Field(description="The vendor's word for it.")


class WithheldOut(Out):
    """A mode that cannot be forced."""

    mode_code: Mode
    reason: str


class OverridesOut(Out):
    """Overrides, oldest first, and what can be forced in this house."""

    overrides: list[OverrideOut]
    offered: list[OfferedOut]
    withheld: list[WithheldOut]

    @classmethod
    def of(cls, overrides: list[Override], holding: Override | None, inverter: Inverter) -> "OverridesOut":
        """Return overrides of a house, beside the one that holds now."""
        reasons = {mode: inverter.why_not(mode) for mode in Mode}
        return cls(
            overrides=[OverrideOut.of(each, holding) for each in overrides],
            offered=[OfferedOut(mode_code=mode, word=inverter.word(mode)) for mode, reason in reasons.items() if reason is None],
            withheld=[WithheldOut(mode_code=mode, reason=reason) for mode, reason in reasons.items() if reason is not None],
        )


@router.get("")
def overrides(use: Use, house: House, at: Now, _caller: Viewer, start: Instant | None = None, end: Instant | None = None) -> OverridesOut:
    """Return overrides that touch a span; without one, from now for three days."""
    wanted = span(start or at, end or (start or at) + timedelta(days=3))
    return OverridesOut.of(use.execute.forced(house.id, wanted), use.execute.holding(house.id, at), house.inverter)


@router.put("/{slot}")
def force(*, use: Use, house: House, at: Now, caller: Controller, slot: Instant, wish: OverrideIn) -> ForcedOut:
    """Force a mode from the instant `slot` on; putting it again replaces it.

    It covers its own span and nothing else: of the overrides that it is laid over, what lies before it goes on till it begins, and what
    is left of them holds again once it ends or is released. The answer names them.

    Refused (422) is a mode that this house cannot be told, a power above what battery or inverter can do, a charge to above the limit,
    and a discharge to below the reserve. A forced mode without a target ends at limit or reserve.
    """
    override = Override(span=span(slot, wish.until), command=wish.command(), set_by=caller, set_at=at, note=wish.note)
    made = use.execute.force(house.id, override)
    holding = use.execute.holding(house.id, at)
    covers = [each for each in use.execute.forced(house.id, made.span) if each.span.start != made.span.start]
    told = OverrideOut.of(made, holding).model_dump()
    return ForcedOut(**told, covers=[OverrideOut.of(each, holding) for each in covers])


@router.delete("/{slot}", status_code=HTTPStatus.NO_CONTENT)
def release(use: Use, house: House, at: Now, caller: Controller, slot: Instant) -> Response:
    """End the override that starts at `slot`; what it was laid over holds again."""
    use.execute.release(house.id, slot, actor=caller, now=at)
    return Response(status_code=HTTPStatus.NO_CONTENT)
