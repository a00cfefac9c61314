from dataclasses import replace
from datetime import timedelta

import pytest

from app.devices.dongle.lines import LARGEST_SEQ
from app.domain.dongle import DongleStatus, LogProgress
from app.domain.errors import InvalidInputError
from app.storage.database import Database
from app.storage.device_states import DeviceStateStore
from app.storage.telemetry import TelemetryStore
from tests.telemetry import DONGLE, NOON, at, live, record

HOUR = timedelta(hours=1)


def test_the_same_sample_again_changes_nothing(database: Database) -> None:
    store = TelemetryStore(database)

    assert store.save([live(0), live(10), live(10)], at(11)) == 2
    assert store.save([live(10, soc_pct=99.0), live(20)], at(21)) == 1

    assert store.between(DONGLE, NOON, NOON + HOUR) == [live(0), live(10), live(20)]


def test_samples_come_back_as_they_were_told_whatever_their_order(database: Database) -> None:
    store = TelemetryStore(database)
    other = live(0, device="bat_other", soc_pct=None, battery_kw=-0.123456789)

    store.save([record(1, 8), live(10), other, record(0, 7)], at(130))

    assert store.between(DONGLE, NOON, NOON + HOUR) == [live(10), record(0, 7), record(1, 8)]
    assert store.between("bat_other", NOON, NOON + HOUR) == [other]
    assert store.between(DONGLE, NOON, NOON + HOUR, only_log=True) == [record(0, 7), record(1, 8)]


def test_knows_which_records_of_a_log_it_has(database: Database) -> None:
    store = TelemetryStore(database)
    store.save([record(n, seq) for n, seq in enumerate((5, 6, 9, 10))], at(300))

    assert store.seqs(DONGLE, 6, limit=2) == [6, 9]
    assert [each.seq for each in store.records(DONGLE, 6, 10)] == [6, 9]
    store.save([record(4, 7)], at(400))  # of another board: its numbers begin anew
    assert store.seqs(DONGLE, 6, limit=9, since=at(400)) == [7]


def test_a_log_that_begins_anew_is_acknowledged_from_nothing_and_what_it_said_before_is_known(database: Database) -> None:
    states = DeviceStateStore(database)
    said = DongleStatus(device=DONGLE, online=True, heard_at=at(0), oldest_seq=3, said={"v": 1, "boot": 2, "next_seq": 8})
    states.save_status([said])
    states.save_acked({DONGLE: 7})

    states.save_acked({DONGLE: None})

    assert states.logs() == {DONGLE: LogProgress(upto=3, acked=3, status=said)}


def test_one_bad_sample_stores_none_of_its_batch(database: Database) -> None:
    store = TelemetryStore(database)

    with pytest.raises(InvalidInputError):
        store.save([live(0), replace(live(10), grid_kw=float("nan"))], at(11))

    assert store.between(DONGLE, NOON, NOON + HOUR) == []
    assert store.save([live(0)], at(12)) == 1


@pytest.mark.parametrize("wrong", [float("inf"), "\ud800"])
def test_a_status_that_cannot_be_kept_is_refused_as_input_whatever_the_database(database: Database, wrong: object) -> None:
    with pytest.raises(InvalidInputError):
        DeviceStateStore(database).save_status([DongleStatus(device=DONGLE, online=True, heard_at=at(0), said={"fault": wrong})])


def test_a_log_is_acknowledged_up_to_the_largest_number_a_device_can_say(database: Database) -> None:
    states = DeviceStateStore(database)

    states.save_acked({DONGLE: LARGEST_SEQ + 1, "bat_other": 7})

    assert {device: each.upto for device, each in states.logs().items()} == {DONGLE: LARGEST_SEQ + 1, "bat_other": 7}


def test_late_records_do_not_turn_the_newest_state_back(database: Database) -> None:
    states = DeviceStateStore(database)
    TelemetryStore(database).save([live(600, soc_pct=60.0)], at(601))

    TelemetryStore(database).save([record(0, 1, soc_pct=40.0)], at(700))  # after a restart, which remembers nothing

    state = states.get(DONGLE)
    assert state is not None
    assert state.sample == live(600, soc_pct=60.0)
    assert state.received_at == at(601)


def test_status_and_acknowledgement_leave_the_sample_alone_and_the_other_way_round(database: Database) -> None:
    states, store = DeviceStateStore(database), TelemetryStore(database)
    said = {"v": 1, "fw": "0.1.0", "writable": False}
    states.save_status([DongleStatus(device=DONGLE, online=True, heard_at=at(0), oldest_seq=3, said=said)])
    states.save_acked({DONGLE: 7})
    store.save([live(10)], at(11))
    store.save([live(20)], at(21))

    state = states.get(DONGLE)

    assert state is not None
    assert state.sample == live(20)
    assert state.status == DongleStatus(device=DONGLE, online=True, heard_at=at(0), oldest_seq=3, said=said)
    assert state.acked_seq == 7
    assert states.logs() == {DONGLE: LogProgress(upto=7, acked=7)}
    assert states.everybody() == states.of([DONGLE, "bat_unknown"]) == [state]
    assert states.get("bat_unknown") is None
