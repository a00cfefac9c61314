from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.device import DeviceStanding
from app.domain.dongle import DongleStatus
from app.domain.errors import ConflictError, InvalidInputError, RejectedError, UnavailableError
from app.domain.site import HOME
from app.domain.telemetry import Cause, readings, window
from tests.fleet.dongles import Dongles, claimed
from tests.telemetry import DONGLE, NOON, at, live, record

LATER = timedelta(seconds=31)


def test_counts_what_is_new_and_what_was_known() -> None:
    dongles = Dongles()

    dongles.hear(at(11), live(0), live(10))
    dongles.hear(at(21), live(10), live(20))

    assert (dongles.intake.counts.stored, dongles.intake.counts.duplicate) == (3, 1)


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


def test_a_database_that_is_away_loses_nothing_and_counts_nothing_twice() -> None:
    dongles = Dongles()
    dongles.hear(at(0), oldest=5)
    batch = dongles.intake.admit([record(0, 5), replace(live(70), soc_pct=255.0)], [], at(71))
    dongles.disk.away = True

    with pytest.raises(UnavailableError):
        dongles.intake.store(batch, at(71))
    with pytest.raises(UnavailableError):
        dongles.intake.acks_due(at(72))
    dongles.disk.away = False
    dongles.intake.store(batch, at(73))

    assert dongles.intake.counts.stored == 2
    assert dongles.intake.counts.rejected == {Cause.IMPLAUSIBLE: 1}
    assert dongles.intake.acks_due(at(74)) == {DONGLE: 6}


def test_a_number_that_cannot_be_is_left_out_and_the_others_stay() -> None:
    dongles = Dongles()

    dongles.hear(at(11), replace(live(10), soc_pct=255.0, grid_kw=5000.0))

    [kept] = dongles.telemetry.rows.values()
    assert (kept.soc_pct, kept.grid_kw, kept.battery_kw) == (None, None, -1.5)
    assert dongles.intake.counts.rejected == {Cause.IMPLAUSIBLE: 2}


@pytest.mark.parametrize(
    ("sample", "cause"),
    [
        (live(300), Cause.FUTURE),
        (live(-40 * 86400), Cause.TOO_OLD),
        (live(10, soc_pct=255.0, battery_kw=None), Cause.IMPLAUSIBLE),
        (live(10, soc_pct=None, battery_kw=None), Cause.EMPTY),
        (live(10, device="bat_new"), Cause.UNCLAIMED),
        (live(10, device="bat_gone"), Cause.REVOKED),
    ],
)
def test_what_cannot_be_is_counted_by_its_cause(sample: object, cause: Cause) -> None:
    dongles = Dongles()
    dongles.devices.known["bat_gone"] = replace(claimed("bat_gone"), standing=DeviceStanding.REVOKED)

    dongles.hear(at(11), sample, live(0))  # type: ignore[arg-type]  # a sample, whatever it holds

    assert dongles.intake.counts.rejected == {cause: 1}
    assert list(dongles.telemetry.rows.values()) == [live(0)]
    assert dongles.intake.counts.letters[0].cause is cause


def test_a_record_that_cannot_be_does_not_come_for_ever() -> None:
    dongles = Dongles()
    dongles.hear(at(200), replace(record(0, 5), soc_pct=255.0, battery_kw=None), record(1, 6), oldest=5)

    assert dongles.intake.acks_due(at(201)) == {DONGLE: 7}


def test_an_unclaimed_device_is_noted_once_shown_and_keeps_its_log() -> None:
    dongles = Dongles()
    dongles.devices.known.clear()

    dongles.hear(at(200), record(0, 5), oldest=5)
    dongles.hear(at(260), record(1, 6))

    assert dongles.disk.writes["note"] == 1
    assert DONGLE in dongles.states.statuses
    assert dongles.telemetry.rows == {}
    assert dongles.intake.acks_due(at(261)).get(DONGLE, 0) <= 5


def test_a_claim_counts_within_seconds() -> None:
    dongles = Dongles()
    dongles.devices.known.clear()
    dongles.hear(at(11), live(10))

    dongles.devices.known[DONGLE] = claimed()
    dongles.hear(at(22), live(20))

    assert list(dongles.telemetry.rows.values()) == [live(20)]


def test_who_may_be_heard_stands_while_nobody_can_be_asked() -> None:
    dongles = Dongles()
    with_database = dongles.intake.admit([live(0)], [], at(1))
    dongles.disk.away = True

    assert dongles.intake.admit([live(10)], [], at(60)).samples == [live(10)]
    assert with_database.samples == [live(0)]
    dongles.restart()
    with pytest.raises(UnavailableError):
        dongles.intake.admit([live(20)], [], at(61))


def test_one_sample_the_database_refuses_costs_no_other() -> None:
    dongles = Dongles()
    dongles.telemetry.poison.add(at(30))

    dongles.hear(at(100), *(live(10 * n) for n in range(8)))

    assert len(dongles.telemetry.rows) == 7
    assert dongles.intake.counts.rejected == {Cause.REFUSED: 1}


@pytest.mark.parametrize("refusal", [InvalidInputError("database: does not fit"), ConflictError("database: cannot be null")])
def test_one_status_the_database_refuses_costs_no_other(refusal: Exception) -> None:
    dongles = Dongles()
    dongles.states.poison["bat_2"] = refusal
    said = [DongleStatus(device=f"bat_{n}", online=True, heard_at=at(1)) for n in range(7)]

    dongles.intake.store(dongles.intake.admit([live(0)], said, at(1)), at(1))

    assert sorted(dongles.states.statuses) == [f"bat_{n}" for n in range(7) if n != 2]
    assert dongles.intake.counts.rejected == {Cause.REFUSED: 1}
    assert dongles.intake.counts.stored == 1


def test_whoever_tries_to_get_in_is_in_the_audit_log_but_does_not_fill_it() -> None:
    dongles = Dongles()
    for n in range(100):
        dongles.intake.reject("bat_x", RejectedError(Cause.FORGED, "a topic of another"), at(n))

    assert [entry.action for entry in dongles.audit.between(HOME, NOON, at(1000))] == ["device.unheard"]
    assert dongles.intake.counts.rejected[Cause.FORGED] == 100


def test_a_record_is_a_reading_from_the_start_of_its_minute() -> None:
    assert {each.at for each in readings([record(2, 1)], "dongle")} == {at(120)}
    assert window(record(4, 1)) == NOON
    assert window(live(300)) == NOON
    assert window(live(310)) == at(300)
