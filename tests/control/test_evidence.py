"""How far a report proves that an order was carried out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.control.evidence import highest, moves, proved
from app.domain.asset import AssetId
from app.domain.decision import Command, Decision, Outcome, OutcomeStatus
from app.domain.order import Evidence
from app.domain.site import Mode
from tests.records import decision, outcome

CHARGE = decision()
HOLD = decision(command=Command(mode=Mode.HOLD))
SECOND = timedelta(seconds=1)


def read_back(mode: str | None = "Force Charge", n: float = 0.1, **changes: object) -> Outcome:
    return outcome(OutcomeStatus.CONFIRMED, n, mode_read_back=mode, **changes)


def told(before: Decision, by: str = "node-red", n: float = 0.05) -> Decision:
    return replace(before, outcomes=(outcome(OutcomeStatus.COMMANDED, n, reported_by=by),))


def test_each_level_needs_more_than_the_one_before() -> None:
    reports = [
        outcome(OutcomeStatus.COMMANDED),
        outcome(OutcomeStatus.COMMANDED, evidence=Evidence.ACCEPTED),
        read_back(),
        read_back(battery_kw=4.9),
    ]

    assert [proved(CHARGE, each) for each in reports] == [Evidence.TOLD, Evidence.ACCEPTED, Evidence.READ_BACK, Evidence.SEEN]
    assert [level.level for level in Evidence] == [0, 1, 2, 3, 4]


def test_confirmed_without_having_read_anything_is_accepted() -> None:
    assert proved(CHARGE, read_back(None)) is Evidence.ACCEPTED


@pytest.mark.parametrize("mode", ["force_charge", "Force Charge", "Ladda nu"])
def test_what_was_read_may_be_our_word_or_the_vendor_s(mode: str) -> None:
    assert proved(CHARGE, read_back(mode)) is Evidence.READ_BACK


def test_another_mode_read_back_is_no_confirmation() -> None:
    assert proved(CHARGE, read_back("self_use", battery_kw=4.9)) is Evidence.ACCEPTED


def test_a_read_back_from_before_the_order_was_sent_proves_nothing() -> None:
    assert proved(CHARGE, read_back(n=-0.01, battery_kw=4.9)) is Evidence.TOLD
    assert proved(told(CHARGE, n=0.05), read_back(n=0.04)) is Evidence.TOLD
    assert proved(told(CHARGE, n=0.05), read_back(n=0.05)) is Evidence.READ_BACK


def test_a_device_that_stamps_whole_seconds_is_not_taken_for_early() -> None:
    sent = replace(CHARGE, decided_at=CHARGE.decided_at + 0.7 * SECOND)

    assert proved(sent, replace(read_back(), at=CHARGE.decided_at)) is Evidence.READ_BACK
    assert proved(sent, replace(read_back(), at=CHARGE.decided_at - SECOND)) is Evidence.TOLD


def test_a_read_back_of_another_device_than_the_one_that_was_told_proves_nothing() -> None:
    assert proved(told(CHARGE, by="bat_a"), read_back(reported_by="bat_b")) is Evidence.TOLD
    assert proved(told(CHARGE, by="bat_a"), read_back(reported_by="bat_a")) is Evidence.READ_BACK


@pytest.mark.parametrize("status", [OutcomeStatus.FAILED, OutcomeStatus.OVERRIDDEN])
def test_what_failed_was_at_most_told(status: OutcomeStatus) -> None:
    assert proved(CHARGE, outcome(status, mode_read_back="Force Charge", battery_kw=4.9)) is Evidence.TOLD


def test_an_asset_that_has_no_order_proves_nothing_of_it() -> None:
    assert proved(CHARGE, read_back(asset=AssetId("car"))) is Evidence.ACCEPTED


@pytest.mark.parametrize(
    ("mode", "battery_kw", "moved"),
    [
        (Mode.FORCE_CHARGE, 0.5, True),
        (Mode.FORCE_CHARGE, 0.1, False),
        (Mode.FORCE_CHARGE, -3.0, False),
        (Mode.FORCE_CHARGE, None, False),
        (Mode.FORCE_DISCHARGE, -3.0, True),
        (Mode.SELF_USE, -3.0, False),
        (Mode.HOLD, 0.0, False),
    ],
)
def test_a_power_is_a_sign_only_of_a_mode_that_alone_moves_it(mode: Mode, battery_kw: float | None, *, moved: bool) -> None:
    assert moves(decision(command=Command(mode=mode)).orders[0], battery_kw) is moved


def test_a_hold_is_not_seen_in_an_instant() -> None:
    assert proved(HOLD, read_back("hold", battery_kw=0.0)) is Evidence.READ_BACK


def test_of_several_reports_the_one_that_proves_most_counts() -> None:
    assert highest([Evidence.TOLD, None, Evidence.SEEN, Evidence.READ_BACK]) is Evidence.SEEN
    assert highest([None]) is None
