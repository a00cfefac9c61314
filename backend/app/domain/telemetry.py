"""Telemetry: what a dongle measured, judged before anybody believes it. Powers in kW, charging and importing positive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

from app.domain.errors import RejectedError
from app.domain.reading import PLAUSIBLE, Quantity, Reading, reading, untimely
from app.domain.slot import floor

OLDEST = timedelta(days=31)
"""No log keeps more; what is older was made by a clock that was wrong."""
ROLLUP = timedelta(minutes=5)


class Cause(StrEnum):
    """Why something a device said was not taken."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    """Not the text that was agreed."""
    VERSION = "version"
    """A version of the text that this program does not know."""
    EMPTY = "empty"
    """A sample without any number."""
    IMPLAUSIBLE = "implausible"
    """A number that cannot be; the others of its sample are kept."""
    FUTURE = "future"
    TOO_OLD = "too_old"
    FORGED = "forged"
    """A topic or an id that no device of ours can have."""
    UNCLAIMED = "unclaimed"
    """Nobody has claimed the device; it keeps its log until somebody does."""
    REVOKED = "revoked"
    REFUSED = "refused"
    """The database would not take it."""


class DongleState(StrEnum):
    """Who holds the inverter: nobody, a command, the stored schedule or the rules."""

    SAFE = "safe"
    REMOTE = "remote"
    SCHEDULE = "schedule"
    RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one device measured in the `span_s` seconds up to an instant; None was not measured.

    A live sample has no `seq`; a record of the device's log has, and is kept there until it is acknowledged.
    """

    device: str
    at: datetime
    span_s: int
    seq: int | None = None
    soc_pct: float | None = None
    battery_kw: float | None = None
    battery_voltage_v: float | None = None
    battery_current_a: float | None = None
    battery_temperature_c: float | None = None
    grid_kw: float | None = None
    solar_kw: float | None = None
    load_kw: float | None = None
    setpoint_kw: float | None = None
    """What the inverter was told last; None when it was released."""
    state: DongleState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """The means of five minutes: a minute's record where there is one, else the live samples of that minute."""

    device: str
    start: datetime
    covered_s: float
    """How much of the five minutes was measured at all."""
    soc_pct: float | None = None
    battery_kw: float | None = None
    battery_voltage_v: float | None = None
    battery_current_a: float | None = None
    battery_temperature_c: float | None = None
    grid_kw: float | None = None
    solar_kw: float | None = None
    load_kw: float | None = None


MEASURES: dict[str, tuple[float, float]] = {
    "soc_pct": PLAUSIBLE[Quantity.SOC_PCT],
    "battery_kw": PLAUSIBLE[Quantity.BATTERY_KW],
    "battery_voltage_v": PLAUSIBLE[Quantity.BATTERY_VOLTAGE_V],
    "battery_current_a": (-2000.0, 2000.0),
    "battery_temperature_c": (-50.0, 120.0),
    "grid_kw": PLAUSIBLE[Quantity.GRID_KW],
    "solar_kw": PLAUSIBLE[Quantity.SOLAR_KW],
    "load_kw": PLAUSIBLE[Quantity.LOAD_KW],
}
"""What is measured, and what can be true."""
QUANTITIES: dict[Quantity, str] = {quantity: quantity.value for quantity in Quantity if quantity.value in MEASURES}
"""What the planner and the ledger ask for, by the name it has in a sample."""


def judged(sample: Sample, now: datetime) -> tuple[Sample, tuple[str, ...]]:
    """Return a sample without the numbers that cannot be, and their names.

    Raises:
        RejectedError: its time cannot be, or nothing of it is left.
    """
    why = untimely(sample.at, now, oldest=OLDEST)
    if why is not None:
        raise RejectedError(Cause.FUTURE if sample.at > now else Cause.TOO_OLD, f"{sample.device}: {why}")
    wrong: list[str] = []
    measured = False
    for name, (low, high) in MEASURES.items():
        value = getattr(sample, name)
        if value is None:
            continue
        if isfinite(value) and low <= value <= high:
            measured = True
        else:
            wrong.append(name)
    if not measured:
        cause = Cause.IMPLAUSIBLE if wrong else Cause.EMPTY
        raise RejectedError(cause, f"{sample.device}: a sample without a number that can be")
    missing: dict[str, Any] = dict.fromkeys(wrong)
    return (replace(sample, **missing) if wrong else sample), tuple(wrong)


def window(sample: Sample) -> datetime:
    """Return the start of the five minutes that a sample measured in; its instant is the end of its span."""
    return floor(sample.at - timedelta(seconds=1), minutes=5)


def readings(samples: Sequence[Sample | Rolled], source: str) -> list[Reading]:
    """Return samples as readings at the start of their span, since a reading stands until the next one."""
    return [
        reading(device=sample.device, quantity=quantity, at=_start(sample), value=value, source=source)
        for sample in samples
        for quantity, name in QUANTITIES.items()
        if (value := getattr(sample, name)) is not None
    ]


def _start(sample: Sample | Rolled) -> datetime:
    if isinstance(sample, Rolled):
        return sample.start
    return sample.at if sample.seq is None else sample.at - timedelta(seconds=sample.span_s - 1)
