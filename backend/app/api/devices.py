"""/devices: dongles with their state and health, what they measured, what they were told and what became of it."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from app.api.deps import House, Now, SeesStrangers, Use
from app.api.models import In, Instant, Out, span
from app.api.security import Controller, Token, Viewer
from app.domain.decision import Command
from app.domain.device import DeviceStanding
from app.domain.dongle import Answer, DeviceCommand
from app.domain.site import Mode
from app.domain.telemetry import Cause, DongleState, Rolled, Sample
from app.fleet.registry import FRESH, Seen

router = APIRouter(prefix="/devices", tags=["devices"])

LONGEST_DAYS = 92
"""All of a span is held at once: five-minute means make 26 000 in a quarter."""

DeviceId = Annotated[str, Path(max_length=64, examples=["bat_60bh37202bfa"])]


class MeasuredOut(Out):
    """What a device measured; null was not measured. Charging and importing are positive."""

    soc_pct: float | None
    battery_kw: float | None
    battery_voltage_v: float | None
    battery_current_a: float | None
    battery_temperature_c: float | None
    grid_kw: float | None
    solar_kw: float | None
    load_kw: float | None


class SampleOut(MeasuredOut):
    """One sample: live, or a minute's record of the device's log with its number."""

    at: Instant
    span_s: int
    seq: int | None
    setpoint_kw: float | None
    state: DongleState | None


class MeanOut(MeasuredOut):
    """The mean of five minutes, and how much of them was measured."""

    start: Instant
    covered_s: float


class TelemetryOut(Out):
    """What was measured, oldest first: samples over a span of up to six hours, five-minute means over a longer one."""

    resolution: Literal["samples", "5min"]
    samples: list[SampleOut]
    means: list[MeanOut]


class DeviceOut(Out):
    """A device. `health` is ok, late (no fresh sample), offline, or never (nothing was heard)."""

    id: str
    standing: DeviceStanding
    title: str
    drives: bool = Field(description="Whether it carries this site's decisions out.")
    health: Literal["ok", "late", "offline", "never"]
    age_s: float | None = Field(description="Seconds since what was measured last.")
    latest: SampleOut | None
    status_at: Instant | None
    status: dict[str, Any] = Field(description="What the device says of itself, in its own words.")
    acked_seq: int | None = Field(description="Every record of its log below this one is stored.")


class LetterOut(Out):
    """Something a device said that was not taken."""

    at: Instant
    device: str
    cause: Cause
    detail: str


class IntakeOut(Out):
    """How the intake does since the service started."""

    received: int
    stored: int
    duplicate: int
    rejected: dict[Cause, int]
    letters: list[LetterOut]


class DevicesOut(Out):
    """The site's devices and those nobody has claimed."""

    devices: list[DeviceOut]
    intake: IntakeOut


class AnswerOut(Out):
    """What a device answered."""

    at: Instant
    answer: Answer
    reason: str | None
    mode: Mode | None
    battery_kw: float | None
    soc_pct: float | None


class CommandOut(Out):
    """A command with its answers, oldest first."""

    id: str
    device: str
    issued: Instant
    expires: Instant
    until: Instant
    mode: Mode
    power_kw: float | None
    target_soc_pct: float | None
    sent_by: str
    decision_id: str | None
    answers: list[AnswerOut]

    @classmethod
    def of(cls, told: DeviceCommand) -> "CommandOut":
        """Return a command."""
        wish = told.command
        return cls(
            id=told.id,
            device=told.device,
            issued=told.issued,
            expires=told.expires,
            until=told.until,
            mode=wish.mode,
            power_kw=wish.power_kw,
            target_soc_pct=wish.target_soc_pct,
            sent_by=told.sent_by,
            decision_id=told.decision_id,
            answers=[AnswerOut.model_validate(each) for each in told.answers],
        )


class CommandsOut(Out):
    """What a device was told, oldest first."""

    commands: list[CommandOut]


class CommandIn(In):
    """What a person wants of a device, for at most a day."""

    mode: Mode
    power_kw: float | None = Field(None, ge=0, le=1000)
    target_soc_pct: float | None = Field(None, ge=0, le=100)
    lease_minutes: float = Field(30, gt=0, le=1440)

    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "force_charge", "power_kw": 3, "lease_minutes": 30}]})


@router.get("")
def devices(*, use: Use, house: House, at: Now, _caller: Viewer, token: Token, strangers: SeesStrangers) -> DevicesOut:
    """Return every device of the site with its state, and what was not taken of what devices said."""
    controller = use.prefer.of(house.id).controller
    counts, seen = use.fleet.counts, [each for each in use.fleet.seen(house.id) if strangers or each.device.site is not None]
    known = {each.device.id for each in seen}
    intake = IntakeOut(
        received=counts.received,
        stored=counts.stored,
        duplicate=counts.duplicate,
        rejected=dict(counts.rejected),
        letters=[LetterOut.model_validate(each) for each in counts.letters if token.is_for_all or each.device in known],
    )
    return DevicesOut(devices=[_device(each, controller, at) for each in seen], intake=intake)


@router.get("/{device}")
def device(*, use: Use, house: House, at: Now, _caller: Viewer, strangers: SeesStrangers, device: DeviceId) -> DeviceOut:
    """Return one device."""
    return _device(use.fleet.one(house.id, device, strangers=strangers), use.prefer.of(house.id).controller, at)


@router.get("/{device}/telemetry")
def telemetry(
    *, use: Use, house: House, at: Now, _caller: Viewer, device: DeviceId, start: Instant | None = None, end: Instant | None = None
) -> TelemetryOut:
    """Return what a device measured, of at most 92 days; without a span, in the last hour."""
    wanted = span(start or (end or at) - timedelta(hours=1), end or at + timedelta(seconds=1), longest_days=LONGEST_DAYS)
    found = use.fleet.measured(house.id, device, wanted.start, wanted.end)
    samples = [SampleOut.model_validate(each) for each in found if isinstance(each, Sample)]
    means = [MeanOut.model_validate(each) for each in found if isinstance(each, Rolled)]
    return TelemetryOut(resolution="5min" if means else "samples", samples=samples, means=means)


@router.get("/{device}/commands")
def commands(
    *, use: Use, house: House, at: Now, _caller: Viewer, device: DeviceId, start: Instant | None = None, end: Instant | None = None
) -> CommandsOut:
    """Return what a device was told and answered; without a span, in the last day."""
    wanted = span(start or (end or at) - timedelta(days=1), end or at + timedelta(minutes=1))
    return CommandsOut(commands=[CommandOut.of(each) for each in use.fleet.told(house.id, device, wanted.start, wanted.end)])


@router.post("/{device}/commands")
def command(*, use: Use, house: House, at: Now, caller: Controller, device: DeviceId, wish: CommandIn) -> CommandOut:
    """Tell a device what to do; what becomes of it is in the list of commands.

    Refused (422) where the house cannot do it, and (409) in a dry run or unless the device drives the site.
    """
    use.fleet.one(house.id, device)
    wanted = Command(mode=wish.mode, power_kw=wish.power_kw, target_soc_pct=wish.target_soc_pct)
    lease = timedelta(minutes=wish.lease_minutes)
    return CommandOut.of(use.fleet.drive.order(device, wanted, house=house, lease=lease, actor=caller, now=at))


def _device(seen: Seen, controller: str, at: Now) -> DeviceOut:
    state = seen.state
    sample = state.sample if state is not None else None
    status = state.status if state is not None else None
    age_s = None if sample is None else (at - sample.at).total_seconds()
    health: Literal["ok", "late", "offline", "never"] = "never"
    if status is not None and not status.online:
        health = "offline"
    elif age_s is not None:
        health = "ok" if age_s <= FRESH.total_seconds() else "late"
    return DeviceOut(
        id=seen.device.id,
        standing=seen.device.standing,
        title=seen.device.title,
        drives=controller == f"dongle:{seen.device.id}",
        health=health,
        age_s=age_s,
        latest=None if sample is None else SampleOut.model_validate(sample),
        status_at=None if status is None else status.heard_at,
        status={} if status is None else dict(status.said),
        acked_seq=None if state is None else state.acked_seq,
    )
