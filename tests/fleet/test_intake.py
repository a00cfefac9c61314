"""What dongles send is stored once; what cannot be, or is nobody's, is counted by its cause and costs nothing else."""

from dataclasses import replace

import pytest

from app.domain.device import DeviceStanding
from app.domain.dongle import DongleStatus
from app.domain.errors import ConflictError, InvalidInputError, RejectedError, UnavailableError
from app.domain.site import HOME
from app.domain.telemetry import Cause, readings, window
from tests.fleet.dongles import Dongles, claimed
from tests.telemetry import DONGLE, NOON, at, live, record


def test_counts_what_is_new_and_what_was_known() -> None:
    dongles = Dongles()

    dongles.hear(at(11), live(0), live(10))
    dongles.hear(at(21), live(10), live(20))

    assert (dongles.intake.counts.stored, dongles.intake.counts.duplicate) == (3, 1)


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
