"""/overrides: a person forces a mode for a span. It wins over the plan and expires."""

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

    @classmethod
    def of(cls, override: Override) -> "OverrideOut":
        """Return an override."""
        command = override.command
        return cls(
            start=override.span.start,
            until=override.span.end,
            mode_code=command.mode,
            power_kw=command.power_kw,
            target_soc_pct=command.target_soc_pct,
            set_by=override.set_by,
            note=override.note,
        )


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
    def of(cls, overrides: list[Override], inverter: Inverter) -> "OverridesOut":
        """Return overrides of a house."""
        reasons = {mode: inverter.why_not(mode) for mode in Mode}
        return cls(
            overrides=[OverrideOut.of(each) for each in overrides],
            offered=[OfferedOut(mode_code=mode, word=inverter.word(mode)) for mode, reason in reasons.items() if reason is None],
            withheld=[WithheldOut(mode_code=mode, reason=reason) for mode, reason in reasons.items() if reason is not None],
        )


@router.get("")
def overrides(use: Use, house: House, at: Now, _caller: Viewer, start: Instant | None = None, end: Instant | None = None) -> OverridesOut:
    """Return overrides that touch a span; without one, from now for three days."""
    wanted = span(start or at, end or (start or at) + timedelta(days=3))
    return OverridesOut.of(use.execute.forced(house.id, wanted), house.inverter)


@router.put("/{slot}")
def force(*, use: Use, house: House, at: Now, caller: Controller, slot: Instant, wish: OverrideIn) -> OverrideOut:
    """Force a mode from the instant `slot` on; what else is forced when it begins ends then, and putting it again replaces it.

    A mode this house cannot be told is refused with its reason (422).
    """
    override = Override(span=span(slot, wish.until), command=wish.command(), set_by=caller, set_at=at, note=wish.note)
    return OverrideOut.of(use.execute.force(house.id, override))


@router.delete("/{slot}", status_code=HTTPStatus.NO_CONTENT)
def release(use: Use, house: House, at: Now, caller: Controller, slot: Instant) -> Response:
    """End the override that starts at `slot`."""
    use.execute.release(house.id, slot, actor=caller, now=at)
    return Response(status_code=HTTPStatus.NO_CONTENT)
