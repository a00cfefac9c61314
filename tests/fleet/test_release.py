"""A dongle that no longer drives lets go: in a dry run, and when another controller takes over."""

from datetime import timedelta

import pytest

from app.domain.decision import Command
from app.domain.dongle import Answer, DeviceCommand, Schedule
from app.domain.errors import NotInControlError, UnavailableError
from app.domain.setting import NODE_RED
from app.domain.site import Mode
from tests import records
from tests.builders import house
from tests.fleet.driven import CHARGE, OTHER, SECOND, Driven
from tests.records import NOON
from tests.telemetry import DONGLE


def test_a_dongle_that_no_longer_drives_is_sent_to_self_use_once_with_no_plan_of_its_own() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan())
    driven.said.clear()
    driven.control(NODE_RED)

    driven.turn(NOON + 20 * SECOND)
    driven.turn(NOON + 40 * SECOND)

    schedule, command = (what for what, _ in driven.said)
    assert isinstance(schedule, Schedule)
    assert {each.mode for each in schedule.commands} == {Mode.SELF_USE}
    assert isinstance(command, DeviceCommand)
    assert command.command.mode is Mode.SELF_USE


def test_a_dry_run_releases_a_dongle_that_drove_and_then_commands_nothing() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan(4))
    driven.answer(Answer.CONFIRMED, NOON + SECOND)
    driven.said.clear()
    driven.control(f"dongle:{DONGLE}", dry_run=True)

    driven.turn(NOON + 20 * SECOND, records.plan(4))
    driven.answer(Answer.CONFIRMED, NOON + 21 * SECOND)
    for n in range(2, 100):
        driven.turn(NOON + n * 20 * SECOND, records.plan(4))

    assert driven.released == [DONGLE]
    with pytest.raises(NotInControlError, match="dry run"):
        driven.drive.order(DONGLE, Command(mode=Mode.HOLD), house=house(), lease=timedelta(hours=1), actor="phone", now=NOON)
    driven.control(f"dongle:{DONGLE}")
    driven.turn(NOON + 25 * 60 * SECOND, records.plan(4))
    schedule, command = (what for what, _ in driven.said[2:])
    assert isinstance(schedule, Schedule)
    assert isinstance(command, DeviceCommand)
    assert command.decision_id == CHARGE.id


def test_one_dongle_after_another_drives_and_the_first_is_released() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan())
    driven.said.clear()
    driven.control(f"dongle:{OTHER}")

    driven.turn(NOON + 20 * SECOND)

    assert driven.released == [DONGLE]
    assert [told.device for told in driven.told] == [DONGLE, OTHER]


def test_a_release_is_said_again_until_the_dongle_did_so() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan())
    driven.said.clear()
    driven.control(NODE_RED)
    driven.is_away = True
    with pytest.raises(UnavailableError):
        driven.turn(NOON + 20 * SECOND)
    driven.is_away = False

    driven.turn(NOON + 90 * SECOND)
    assert driven.released == [DONGLE]
    driven.turn(NOON + 170 * SECOND)
    assert driven.released == [DONGLE, DONGLE]
    driven.answer(Answer.CONFIRMED, NOON + 171 * SECOND)
    for minutes in range(4, 60):
        driven.turn(NOON + minutes * 60 * SECOND)
    assert driven.released == [DONGLE, DONGLE]


def test_a_release_that_nobody_hears_ends_where_nothing_is_left_to_let_go() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan())
    driven.control(NODE_RED)
    driven.said.clear()
    for hours in range(100):
        driven.turn(NOON + timedelta(hours=hours))

    assert driven.told[-1].issued <= CHARGE.valid_until + timedelta(hours=48)


def test_what_was_told_before_a_restart_is_released() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan())
    driven.said.clear()
    driven.control(NODE_RED)
    driven.restart()

    driven.turn(NOON + 20 * SECOND)
    assert driven.released == [DONGLE]
    driven.answer(Answer.CONFIRMED, NOON + 21 * SECOND)
    driven.restart()
    driven.turn(NOON + 100 * SECOND)
    assert driven.released == [DONGLE]


def test_a_release_holds_no_decision_back() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.control(NODE_RED)
    driven.turn(NOON + 20 * SECOND)
    driven.restart()
    driven.control(f"dongle:{DONGLE}")
    driven.turn(NOON + 40 * SECOND)

    assert driven.told[-1].decision_id == CHARGE.id
