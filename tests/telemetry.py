"""Samples of dongles, as tests need them."""

from datetime import UTC, datetime, timedelta

from app.domain.decision import Command
from app.domain.dongle import Schedule
from app.domain.price import PriceClass
from app.domain.site import Mode
from app.domain.telemetry import DongleState, Sample

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DONGLE = "bat_60bh37202bfa"


def at(seconds: float) -> datetime:
    """Return an instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def live(seconds: float, *, device: str = DONGLE, soc_pct: float | None = 55.0, battery_kw: float | None = -1.5) -> Sample:
    """Return a live sample; its seconds are a multiple of ten."""
    return Sample(device=device, at=at(seconds), span_s=10, soc_pct=soc_pct, battery_kw=battery_kw, state=DongleState.REMOTE)


def record(minute: int, seq: int, *, device: str = DONGLE, soc_pct: float | None = 55.0, battery_kw: float | None = -1.5) -> Sample:
    """Return the record of a minute after noon."""
    return Sample(device=device, at=at(60 * minute + 59), span_s=60, seq=seq, soc_pct=soc_pct, battery_kw=battery_kw)


def restless_schedule(start: datetime) -> Schedule:
    """Return the longest schedule to say: two days of quarters, none like the one before, each at more than 10 kW."""
    modes = (Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE)
    return Schedule(
        id="s" * 63,
        issued=start,
        expires=start + timedelta(minutes=5),
        start=start,
        step_s=900,
        commands=tuple(Command(mode=modes[n % 2], power_kw=10 + n / 10) for n in range(192)),
        classes=tuple(list(PriceClass)[n % len(PriceClass)] for n in range(192)),
    )
