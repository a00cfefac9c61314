"""How far a dongle's log is stored, and when the dongle is told; also after a restart, and when a new board begins another log."""

from datetime import datetime, timedelta

import pytest

from app.domain.dongle import DongleStatus
from app.domain.errors import UnavailableError
from tests.fleet.dongles import Dongles
from tests.telemetry import DONGLE, at, record

LATER = timedelta(seconds=31)


def test_a_log_is_acknowledged_up_to_the_first_record_that_is_missing() -> None:
    dongles = Dongles()
    dongles.hear(at(0), oldest=5)

    dongles.hear(at(300), record(0, 5), record(1, 6), record(3, 8))

    assert dongles.intake.acks_due(at(301)) == {DONGLE: 7}
    dongles.hear(at(310), record(2, 7))
    assert dongles.intake.acks_due(at(311)) == {}  # not every few seconds
    assert dongles.intake.acks_due(at(301) + LATER) == {DONGLE: 9}
    assert dongles.states.told == {DONGLE: 9}


def test_numbers_a_reboot_skipped_hold_nothing_up_once_the_device_says_so() -> None:
    dongles = Dongles()
    dongles.hear(at(0), record(0, 5), oldest=5)
    dongles.intake.acks_due(at(1))
    dongles.hear(at(200), record(1, 100), record(2, 101))
    assert dongles.intake.acks_due(at(201)) == {}

    dongles.hear(at(260), oldest=100)

    assert dongles.intake.acks_due(at(262)) == {DONGLE: 102}


def test_nothing_is_acknowledged_while_nobody_knows_where_the_log_begins() -> None:
    dongles = Dongles()
    dongles.hear(at(100), record(0, 70), record(1, 71))

    assert dongles.intake.acks_due(at(101)) == {}


def test_another_service_may_have_stored_the_record_in_between() -> None:
    one, other = Dongles(), Dongles()
    other.telemetry, other.states = one.telemetry, one.states
    other.restart()
    one.hear(at(0), oldest=5)
    one.hear(at(300), record(0, 5), record(2, 7))
    other.hear(at(300), record(1, 6))

    assert one.intake.acks_due(at(301)) == {DONGLE: 8}


def test_goes_on_after_a_restart_where_it_was() -> None:
    dongles = Dongles()
    dongles.hear(at(0), record(0, 5), oldest=5)
    dongles.intake.acks_due(at(1))
    dongles.restart()

    dongles.hear(at(130), record(1, 6))

    assert dongles.intake.acks_due(at(131)) == {DONGLE: 7}


def test_a_device_that_forgot_what_it_was_told_is_told_again() -> None:
    dongles = Dongles()
    dongles.hear(at(61), record(0, 5), oldest=5)
    assert dongles.intake.acks_due(at(62)) == {DONGLE: 6}

    dongles.hear(at(200), record(0, 5))

    assert dongles.intake.acks_due(at(201)) == {DONGLE: 6}
    assert dongles.intake.acks_due(at(201) + LATER) == {}


def said(now: datetime, boot: int, next_seq: int, oldest: int) -> DongleStatus:
    """Return what a dongle says of its log."""
    words = {"v": 1, "online": True, "ts": int(now.timestamp()), "boot": boot, "next_seq": next_seq, "oldest": oldest}
    return DongleStatus(device=DONGLE, online=True, heard_at=now, oldest_seq=oldest, said=words)


OLD = said(at(60), 12, 5002, 5001)


@pytest.mark.parametrize("new", [said(at(300), 1, 3, 0), said(at(300), 12, 3, 0), said(at(300), 50, 3, 0), said(at(300), 11, 6000, 0)])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_new_board_under_the_same_id_begins_its_log_anew(new: DongleStatus, restarts: bool) -> None:  # noqa: FBT001
    dongles = Dongles()
    dongles.hear(at(61), record(0, 5001), statuses=[OLD])
    assert dongles.intake.acks_due(at(62)) == {DONGLE: 5002}
    if restarts:
        dongles.restart()

    dongles.hear(at(300), record(2, 0), record(3, 1), statuses=[new])

    assert dongles.states.told == {DONGLE: None}
    assert dongles.intake.acks_due(at(301)) == {DONGLE: 2}
    dongles.hear(at(400), record(4, 2), statuses=[OLD])  # a broker may bring a status again
    assert dongles.intake.acks_due(at(401)) == {DONGLE: 3}


def test_a_new_board_is_known_where_only_the_last_will_of_the_old_one_is_left() -> None:
    dongles = Dongles()
    dongles.hear(at(61), record(0, 5001), statuses=[OLD])
    dongles.intake.acks_due(at(62))
    dongles.hear(at(90), statuses=[DongleStatus(device=DONGLE, online=False, heard_at=at(90), said={"v": 1, "online": False})])
    dongles.restart()

    dongles.hear(at(300), record(2, 0), statuses=[said(at(300), 1, 1, 0)])

    assert dongles.intake.acks_due(at(301)) == {DONGLE: 1}


def test_what_the_old_board_sent_under_a_number_is_not_the_new_ones_record() -> None:
    dongles = Dongles()
    dongles.hear(at(200), *(record(n, n) for n in range(3)), statuses=[said(at(200), 2, 3, 0)])
    dongles.intake.acks_due(at(201))
    dongles.hear(at(400), record(4, 0), record(6, 2), statuses=[said(at(400), 1, 3, 0)])

    assert dongles.intake.acks_due(at(401)) == {DONGLE: 1}
    dongles.hear(at(402), record(5, 1))
    assert dongles.intake.acks_due(at(401) + LATER) == {DONGLE: 3}


def test_a_status_that_records_overtook_and_a_reboot_are_no_new_log() -> None:
    dongles = Dongles()
    dongles.hear(at(61), record(0, 5001), statuses=[said(at(60), 12, 5001, 5001)])
    dongles.hear(at(121), record(1, 5002), record(2, 5003))
    dongles.hear(at(122), statuses=[said(at(120), 12, 5002, 5001), said(at(122), 13, 6000, 5001)])

    assert dongles.intake.acks_due(at(123)) == {DONGLE: 5004}


def test_a_new_log_is_kept_as_one_also_when_the_database_was_away_just_then() -> None:
    dongles = Dongles()
    dongles.hear(at(61), record(0, 5001), statuses=[OLD])
    dongles.intake.acks_due(at(62))
    batch = dongles.intake.admit([record(2, 0)], [said(at(300), 1, 1, 0)], at(300))
    dongles.disk.away = True
    with pytest.raises(UnavailableError):
        dongles.intake.store(batch, at(300))
    dongles.disk.away = False

    dongles.intake.store(batch, at(301))

    assert dongles.states.told == {DONGLE: None}
    assert dongles.intake.acks_due(at(302)) == {DONGLE: 1}


def test_a_drained_log_is_acknowledged_before_its_half_minute() -> None:
    dongles = Dongles()
    dongles.hear(at(3600), record(0, 0), oldest=0)
    dongles.intake.acks_due(at(3600))

    dongles.hear(at(3601), *(record(n, n) for n in range(1, 40)))

    assert dongles.intake.acks_due(at(3602)) == {DONGLE: 40}
