"""One message as text, in the words of esphome/PROTOCOL.md: what comes in becomes nouns of the core, what goes out is made of them.

On the wire it is W and whole seconds, inside kW and instants.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Never

from app.domain import device as registry
from app.domain.decision import Command
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand, DongleStatus, Schedule
from app.domain.errors import InvalidInputError, RejectedError
from app.domain.price import PriceClass
from app.domain.site import Mode
from app.domain.telemetry import Cause, DongleState, Sample

VERSION = 1
MOST_BYTES = 2048
LOWEST_TARGET_PCT = 1
"""A dongle takes whole percents from here on and refuses the whole command else."""
LONGEST_SPAN_S = 3600
LAST_SECOND = 4_102_444_800
"""The year 2100: later is no instant of ours, and may be none at all."""
LARGEST_SEQ = 2**32 - 1
"""A dongle counts in 32 bits; what follows the largest still fits wherever it is kept."""
W = 1000.0
NUMBERS = {
    "battery.soc": ("soc_pct", 1.0),
    "battery.power": ("battery_kw", W),
    "battery.voltage": ("battery_voltage_v", 1.0),
    "battery.current": ("battery_current_a", 1.0),
    "battery.temperature": ("battery_temperature_c", 1.0),
    "grid.power": ("grid_kw", W),
    "pv.power": ("solar_kw", W),
    "load.power": ("load_kw", W),
    "setpoint": ("setpoint_kw", W),
}
"""Its key on the wire: its name in a sample, and what one unit of ours is there."""
COUNTS = ("boot", "next_seq", "acked", "oldest")
"""What a status says of the log."""
STATES = {state.value: state for state in DongleState}
MODES = {mode.value: mode for mode in Mode}
ANSWERS = {answer.value: answer for answer in Answer}
LETTERS = {Mode.SELF_USE: "s", Mode.FORCE_CHARGE: "c", Mode.FORCE_DISCHARGE: "d", Mode.FEED_IN_FIRST: "f", Mode.HOLD: "h"}
CLASSES = {PriceClass.NEGATIVE: "-", PriceClass.CHEAP: "c", PriceClass.NORMAL: "n", PriceClass.EXPENSIVE: "e"}
COMMAND_ID = re.compile(r"[A-Za-z0-9_.:-]{1,63}")


def device_id(text: str) -> str:
    """Return the id of a device.

    Raises:
        RejectedError: no device of ours can have it.
    """
    try:
        return registry.device_id(text)
    except InvalidInputError as error:
        raise RejectedError(Cause.FORGED, str(error)) from error


def sample(device: str, payload: bytes) -> Sample:
    """Return a sample as told; whether it can be true is judged elsewhere.

    Raises:
        RejectedError: it is not the text that was agreed.
    """
    said = _object(device, payload)
    values: dict[str, Any] = {}
    for key, (name, unit) in NUMBERS.items():
        value = said.get(key)
        if value is not None:
            values[name] = _number(device, key, value) / unit
    return Sample(
        device=device,
        at=_instant(device, "ts", said.get("ts")),
        span_s=_whole(device, "span_s", said.get("span_s"), 1, LONGEST_SPAN_S),
        seq=None if said.get("seq") is None else _whole(device, "seq", said["seq"], 0, LARGEST_SEQ),
        state=STATES.get(str(said.get("state"))),
        **values,
    )


def status(device: str, payload: bytes, heard_at: datetime) -> DongleStatus:
    """Return what a dongle says of itself.

    Raises:
        RejectedError: it is not the text that was agreed.
    """
    said = _kept(device, _object(device, payload))
    if not isinstance(said.get("online"), bool):
        _malformed(device, "online")
    counts = {key: _whole(device, key, said[key], 0, LARGEST_SEQ) for key in COUNTS if said.get(key) is not None}
    oldest = max((counts[key] for key in ("acked", "oldest") if key in counts), default=None)
    return DongleStatus(device=device, online=said["online"], heard_at=heard_at, oldest_seq=oldest, said=said)


def answer(device: str, payload: bytes) -> CommandAnswer:
    """Return what became of a command.

    Raises:
        RejectedError: it is not the text that was agreed.
    """
    said = _kept(device, _object(device, payload))
    command_id, word = said.get("id"), said.get("status")
    if not isinstance(command_id, str) or not COMMAND_ID.fullmatch(command_id):
        _malformed(device, "id")
    if not isinstance(word, str) or word not in ANSWERS:
        _malformed(device, "status")
    power, soc, reason = said.get("power"), said.get("soc"), said.get("reason")
    mode = MODES.get(str(said.get("mode")))
    sign = -1 if mode is Mode.FORCE_DISCHARGE else 1  # a command and its answer say how much; the mode says which way
    return CommandAnswer(
        device=device,
        command_id=command_id,
        at=_instant(device, "ts", said.get("ts")),
        answer=ANSWERS[word],
        reason=None if reason is None else str(reason)[:500],
        mode=mode,
        battery_kw=None if power is None else sign * _number(device, "power", power) / W,
        soc_pct=None if soc is None else _number(device, "soc", soc),
    )


def request_text(what: DeviceCommand | Schedule) -> str:
    """Return what a dongle is asked, a command or a schedule, as it reads it."""
    return command_text(what) if isinstance(what, DeviceCommand) else schedule_text(what)


def command_text(command: DeviceCommand) -> str:
    """Return a command as a dongle reads it."""
    wish = command.command
    said: dict[str, Any] = {
        "v": VERSION,
        "id": command.id,
        "issued": _second(command.issued),
        "expires": _second(command.expires),
        "lease_s": command.lease_s,
        "mode": wish.mode.value,
    }
    if wish.mode in {Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE}:
        said |= {} if wish.power_kw is None else {"power": _watts(wish.power_kw)}
        said |= {} if wish.target_soc_pct is None else {"target_soc": max(LOWEST_TARGET_PCT, round(wish.target_soc_pct))}
    return _text(said)


def schedule_text(schedule: Schedule) -> str:
    """Return a schedule as a dongle reads it."""
    said: dict[str, Any] = {
        "v": VERSION,
        "id": schedule.id,
        "issued": _second(schedule.issued),
        "expires": _second(schedule.expires),
        "start": _second(schedule.start),
        "step_s": schedule.step_s,
        "plan": _runs([_slot(command) for command in schedule.commands]),
    }
    if schedule.classes:
        said["classes"] = _runs([CLASSES[each] for each in schedule.classes])
    return _text(said)


def ack_text(below_seq: int) -> str:
    """Return the acknowledgement of every record below one."""
    return _text({"v": VERSION, "ack": below_seq})


def _slot(command: Command) -> str:
    forced = command.mode in {Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE}
    return LETTERS[command.mode] + (str(_watts(command.power_kw)) if forced and command.power_kw is not None else "")


def _runs(slots: Sequence[str]) -> str:
    """Return the slots as runs; a single one needs no count, so that 192 different ones still fit a dongle's 2 kB."""
    counted = ((slot, len(list(run))) for slot, run in groupby(slots))
    return ",".join(slot if count == 1 else f"{slot}*{count}" for slot, count in counted)


def _text(said: Mapping[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"))


def _object(device: str, payload: bytes) -> dict[str, Any]:
    if len(payload) > MOST_BYTES:
        raise RejectedError(Cause.TOO_LONG, f"{device}: {len(payload)} bytes in one message")
    try:
        said = json.loads(payload, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RejectedError(Cause.MALFORMED, f"{device}: no JSON: {error}") from error
    if not isinstance(said, dict):
        _malformed(device, "the whole")
    version = said.get("v")
    if type(version) is not int or version != VERSION:
        raise RejectedError(Cause.VERSION, f"{device}: version {version!r}")
    return said


def _kept(device: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat part of an object, if a database can keep it: `1e999` and half a surrogate pair are JSON, and no number or text."""
    flat = {key: value for key, value in said.items() if not isinstance(value, dict | list)}
    try:
        json.dumps(flat, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        _malformed(device, "a number or a text")
    return flat


def _instant(device: str, key: str, value: object) -> datetime:
    return datetime.fromtimestamp(_whole(device, key, value, 0, LAST_SECOND), UTC)


def _whole(device: str, key: str, value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        _malformed(device, key)
    return value


def _number(device: str, key: str, value: object) -> float:
    if type(value) is not float and type(value) is not int:
        _malformed(device, key)
    try:
        return float(value)
    except OverflowError:
        _malformed(device, key)


def _malformed(device: str, what: str) -> Never:
    raise RejectedError(Cause.MALFORMED, f"{device}: {what} is not as agreed")


def _no_number(text: str) -> Never:
    raise ValueError(f"{text} is no number")


def _second(instant: datetime) -> int:
    return int(instant.timestamp())


def _watts(kw: float) -> int:
    return round(abs(kw) * W)
