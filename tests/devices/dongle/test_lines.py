import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.devices.dongle import lines
from app.domain.decision import Command
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand, DongleStatus, Schedule
from app.domain.errors import RejectedError
from app.domain.price import PriceClass
from app.domain.site import HOME, Mode
from app.domain.telemetry import Cause, DongleState, Sample
from tests.telemetry import restless_schedule

WHEN = datetime.fromtimestamp(1795219200, UTC)
LIVE = (
    b'{"v":1,"ts":1795219200,"span_s":10,"battery.soc":55.1,"battery.power":-1500,"battery.voltage":51.2,"battery.current":-29.1,'
    b'"battery.temperature":24.5,"grid.power":320,"pv.power":1800,"load.power":620,"state":"remote","setpoint":-1500}'
)
RECORD = b'{"v":1,"ts":1795219259,"span_s":60,"seq":8123,"battery.soc":55.0,"battery.power":-1490,"grid.power":315,"pv.power":1804}'
COMMAND = DeviceCommand(
    id="d-20261125-1430-7f3a",
    device="bat_a",
    site=HOME,
    issued=WHEN,
    expires=WHEN + timedelta(seconds=60),
    until=WHEN + timedelta(seconds=600),
    command=Command(mode=Mode.FORCE_CHARGE, power_kw=3.0, target_soc_pct=95),
    sent_by="optimizer",
)


def cause(payload: bytes) -> str:
    with pytest.raises(RejectedError) as refused:
        lines.sample("bat_a", payload)
    return refused.value.cause


def test_reads_the_live_sample_of_the_protocol() -> None:
    assert lines.sample("bat_a", LIVE) == Sample(
        device="bat_a",
        at=WHEN,
        span_s=10,
        soc_pct=55.1,
        battery_kw=-1.5,
        battery_voltage_v=51.2,
        battery_current_a=-29.1,
        battery_temperature_c=24.5,
        grid_kw=0.32,
        solar_kw=1.8,
        load_kw=0.62,
        setpoint_kw=-1.5,
        state=DongleState.REMOTE,
    )


def test_what_is_missing_stays_missing_and_what_is_unknown_is_ignored() -> None:
    found = lines.sample("bat_a", RECORD[:-1] + b',"who":{"knows":[1]},"state":"dreaming"}')

    assert (found.seq, found.span_s, found.load_kw, found.state) == (8123, 60, None, None)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", Cause.MALFORMED),
        (b"\xff\xfe\x00", Cause.MALFORMED),
        (b"[" * 1500, Cause.MALFORMED),
        (b"null", Cause.MALFORMED),
        (b"[1]", Cause.MALFORMED),
        (LIVE[:-9], Cause.MALFORMED),
        (LIVE.replace(b"55.1", b"NaN"), Cause.MALFORMED),
        (LIVE.replace(b"55.1", b"Infinity"), Cause.MALFORMED),
        (LIVE.replace(b"55.1", b'"55.1"'), Cause.MALFORMED),
        (LIVE.replace(b"55.1", b"true"), Cause.MALFORMED),
        (LIVE.replace(b"55.1", b"1" + b"0" * 400), Cause.MALFORMED),
        (LIVE.replace(b'"ts":1795219200', b'"ts":1795219200.5'), Cause.MALFORMED),
        (LIVE.replace(b'"ts":1795219200,', b""), Cause.MALFORMED),
        (LIVE.replace(b'"ts":1795219200', b'"ts":-1'), Cause.MALFORMED),
        (LIVE.replace(b'"ts":1795219200', b'"ts":1795219200000'), Cause.MALFORMED),
        (LIVE.replace(b'"span_s":10', b'"span_s":0'), Cause.MALFORMED),
        (RECORD.replace(b"8123", b"-1"), Cause.MALFORMED),
        (RECORD.replace(b"8123", b"4294967296"), Cause.MALFORMED),
        (LIVE.replace(b'"v":1', b'"v":2'), Cause.VERSION),
        (LIVE.replace(b'"v":1', b'"v":true'), Cause.VERSION),
        (LIVE.replace(b'{"v":1,', b"{"), Cause.VERSION),
        (LIVE + b" " * 2048, Cause.TOO_LONG),
    ],
)
def test_refuses_what_was_not_agreed_and_says_why(payload: bytes, why: Cause) -> None:
    assert cause(payload) == why


@given(st.binary(max_size=200))
def test_no_bytes_at_all_do_worse_than_being_refused(payload: bytes) -> None:
    for read in (lines.sample, lines.answer, lambda device, said: lines.status(device, said, WHEN)):
        with pytest.raises(RejectedError):
            read("bat_a", payload)


KEYS = st.sampled_from(["v", "ts", "span_s", "seq", "battery.soc", "online", "id", "status", "power"])
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.just(1)


@given(st.dictionaries(KEYS, VALUES))
def test_no_object_does_worse_than_being_refused(said: dict[str, object]) -> None:
    payload = json.dumps(said).encode()
    for read in (lines.sample, lines.answer, lambda device, text: lines.status(device, text, WHEN)):
        with contextlib.suppress(RejectedError):
            read("bat_a", payload)


def test_no_log_is_longer_than_a_dongle_can_count() -> None:
    assert lines.sample("bat_a", RECORD.replace(b"8123", b"4294967295")).seq == 2**32 - 1
    with pytest.raises(RejectedError):
        lines.status("bat_a", b'{"v":1,"online":true,"oldest":4294967296}', WHEN)


def test_reads_status_and_last_will() -> None:
    said = b'{"v":1,"online":true,"ts":1795219200,"fw":"0.1.0","next_seq":8124,"acked":8120,"oldest":8122,"lost":0}'

    assert lines.status("bat_a", b'{"v":1,"online":false}', WHEN) == DongleStatus(
        device="bat_a", online=False, heard_at=WHEN, said={"v": 1, "online": False}
    )
    assert lines.status("bat_a", said, WHEN).oldest_seq == 8122


@pytest.mark.parametrize("wrong", [b"1e999", b'"\\ud800"', b'"\xed\xa0\x80"'])
def test_what_no_database_can_keep_is_malformed(wrong: bytes) -> None:
    answered = b'{"v":1,"id":"d-1","ts":1795219200,"status":"failed","reason":%b,"power":1}'
    with pytest.raises(RejectedError) as refused:
        lines.status("bat_a", b'{"v":1,"online":true,"fault":%b}' % wrong, WHEN)
    assert refused.value.cause == Cause.MALFORMED
    with pytest.raises(RejectedError) as refused:
        lines.answer("bat_a", answered % wrong)
    assert refused.value.cause == Cause.MALFORMED


def test_only_what_is_flat_is_kept_of_a_status() -> None:
    said = b'{"v":1,"online":true,"fault":"","deep":' + b"[" * 900 + b"]" * 900 + b',"who":{"knows":1e999}}'

    assert lines.status("bat_a", said, WHEN).said == {"v": 1, "online": True, "fault": ""}


def test_reads_what_became_of_a_command() -> None:
    said = b'{"v":1,"id":"d-1","ts":1795219200,"status":"confirmed","mode":"force_charge","power":2950,"soc":55.5}'

    assert lines.answer("bat_a", said) == CommandAnswer(
        device="bat_a",
        command_id="d-1",
        at=WHEN,
        answer=Answer.CONFIRMED,
        mode=Mode.FORCE_CHARGE,
        battery_kw=2.95,
        soc_pct=55.5,
    )
    with pytest.raises(RejectedError):
        lines.answer("bat_a", said.replace(b"confirmed", b"done"))


def test_what_discharges_has_the_other_sign() -> None:
    said = b'{"v":1,"id":"d-1","ts":1795219200,"status":"confirmed","mode":"force_discharge","power":1500}'

    assert lines.answer("bat_a", said).battery_kw == -1.5


def test_says_the_command_of_the_protocol() -> None:
    assert json.loads(lines.command_text(COMMAND)) == {
        "v": 1,
        "id": "d-20261125-1430-7f3a",
        "issued": 1795219200,
        "expires": 1795219260,
        "lease_s": 600,
        "mode": "force_charge",
        "power": 3000,
        "target_soc": 95,
    }
    assert "power" not in json.loads(lines.command_text(replace(COMMAND, command=Command(mode=Mode.HOLD, power_kw=2))))


def test_says_the_schedule_of_the_protocol_in_runs() -> None:
    charge, sell = Command(mode=Mode.FORCE_CHARGE, power_kw=3.0), Command(mode=Mode.FORCE_DISCHARGE, power_kw=2.5)
    commands = [Command(mode=Mode.SELF_USE)] * 12 + [charge] * 4 + [Command(mode=Mode.HOLD)] * 8 + [sell] * 2
    classes = [PriceClass.NORMAL] * 20 + [PriceClass.CHEAP] * 4 + [PriceClass.EXPENSIVE] * 2
    schedule = Schedule(id="s-1", issued=WHEN, expires=WHEN, start=WHEN, step_s=1800, commands=tuple(commands), classes=tuple(classes))

    said = json.loads(lines.schedule_text(schedule))

    assert said["plan"] == "s*12,c3000*4,h*8,d2500*2"
    assert said["classes"] == "n*20,c*4,e*2"
    assert (said["start"], said["step_s"]) == (1795219200, 1800)


def test_a_two_day_schedule_of_quarters_that_changes_each_slot_fits_into_a_message() -> None:
    assert len(lines.schedule_text(restless_schedule(WHEN))) <= lines.MOST_BYTES


@pytest.mark.parametrize("forged", ["", "bat_", "home", "bat_a/b", "bat_+", "xyz_1", "bat_" + "a" * 60, "BAT_1", "bat_å"])
def test_no_other_id_is_a_devices(forged: str) -> None:
    with pytest.raises(RejectedError) as refused:
        lines.device_id(forged)
    assert refused.value.cause == Cause.FORGED


@pytest.mark.parametrize(("wished", "said"), [(95.2, 95), (94.6, 95), (0.0, 1), (100.0, 100)])
def test_a_target_is_told_in_whole_percents_for_a_dongle_takes_no_other(wished: float, said: int) -> None:
    text = lines.command_text(replace(COMMAND, command=replace(COMMAND.command, target_soc_pct=wished)))
    told = json.loads(text)["target_soc"]
    assert (told, type(told)) == (said, int)
