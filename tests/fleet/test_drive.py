"""A dongle carries decisions out, one controller at a time."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from app.domain.decision import Command, OutcomeStatus, battery_order
from app.domain.dongle import Answer, CommandAnswer, Schedule
from app.domain.errors import InvalidInputError, NotFoundError, NotInControlError, UnavailableError
from app.domain.setting import NODE_RED
from app.domain.site import HOME, Mode
from tests import records
from tests.builders import house
from tests.fleet.driven import CHARGE, SECOND, Driven
from tests.records import NOON
from tests.telemetry import DONGLE


def test_a_decision_is_told_once_with_its_lease_and_its_outcome_is_the_decisions() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.turn(NOON + 20 * SECOND)
    driven.answer(Answer.ACCEPTED, NOON + SECOND)
    driven.answer(Answer.CONFIRMED, NOON + 3 * SECOND, battery_kw=2.0)
    driven.turn(NOON + 600 * SECOND)

    [told] = driven.told
    assert (told.command, told.until, told.decision_id) == (CHARGE.command, CHARGE.valid_until, CHARGE.id)
    assert told.expires == NOON + 60 * SECOND
    assert driven.outcomes == [OutcomeStatus.COMMANDED, OutcomeStatus.CONFIRMED]
    assert "device.commanded" in {each.action for each in driven.home.audit.rows}


@pytest.mark.parametrize("refusal", [Answer.REFUSED, Answer.FAILED, Answer.EXPIRED])
def test_a_dongle_that_did_not_is_told_again_under_another_id_and_the_refusal_is_in_the_log(refusal: Answer) -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.answer(refusal, NOON + SECOND, reason="stale")
    driven.turn(NOON + 20 * SECOND)

    first, second = driven.told
    assert first.id != second.id
    assert driven.outcomes == [OutcomeStatus.COMMANDED, OutcomeStatus.FAILED, OutcomeStatus.COMMANDED]
    assert [each.detail for each in driven.home.audit.rows if each.action == "device.answered"] == [f"force_charge: {refusal} (stale)"]


def test_no_answer_by_the_expiry_is_told_again_until_the_decision_is_over() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.turn(NOON + 59 * SECOND)
    assert len(driven.told) == 1
    driven.turn(NOON + 61 * SECOND)
    assert len(driven.told) == 2
    driven.turn(CHARGE.valid_until + SECOND)
    assert len(driven.told) == 2


@pytest.mark.parametrize("answer", [Answer.REFUSED, None])
def test_a_dongle_that_does_nothing_is_told_less_and_less_often_and_does_not_fill_the_log(answer: Answer | None) -> None:
    driven = Driven()
    for n in range(int((CHARGE.valid_until - NOON) / (20 * SECOND))):
        now, before = NOON + n * 20 * SECOND, len(driven.told)
        driven.turn(now)
        if answer is not None and len(driven.told) > before:
            driven.answer(answer, now + SECOND, reason="read_only")

    waits = [later.issued - sooner.issued for sooner, later in pairwise(driven.told)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (20 * SECOND if answer else 60 * SECOND, timedelta(minutes=5))
    logged = Counter(each.action for each in driven.home.audit.rows)
    assert logged["device.commanded"] == 1
    assert logged["device.answered"] == (answer is not None)
    assert len(driven.drive.answers.last) <= 1


def test_a_new_decision_is_told_at_once_and_one_that_says_the_same_is_not_logged_again() -> None:
    driven = Driven()
    for n in range(30):
        driven.turn(NOON + n * 20 * SECOND)
    calm = Command(mode=Mode.SELF_USE)
    told = len(driven.told)
    for n, command in enumerate([CHARGE.command, calm, calm]):
        later = replace(CHARGE, id=f"{CHARGE.id}-{n}", orders=(battery_order(command, lease_until=CHARGE.valid_until),))
        driven.home.decisions.save(later)
        driven.drive.turn(house(), later, None, NOON + 600 * SECOND)

    assert [each.command for each in driven.told[told:]] == [CHARGE.command, calm, calm]
    assert [each.detail.split()[0] for each in driven.home.audit.rows if each.action == "device.commanded"] == ["force_charge", "self_use"]


def test_somebody_at_the_inverter_wins() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.answer(Answer.CONFIRMED, NOON + SECOND)
    driven.answer(Answer.OVERRIDDEN, NOON + 60 * SECOND)
    driven.turn(NOON + 80 * SECOND)

    assert len(driven.told) == 1
    assert driven.outcomes[-1] is OutcomeStatus.OVERRIDDEN


def test_a_broker_that_is_away_is_an_outcome_and_tried_again() -> None:
    driven = Driven(is_away=True)
    with pytest.raises(UnavailableError):
        driven.turn(NOON)
    assert driven.outcomes == [OutcomeStatus.COMMANDED, OutcomeStatus.FAILED]

    driven.is_away = False
    driven.turn(NOON + 61 * SECOND)

    assert len(driven.told) == 1


def test_after_a_restart_what_was_told_stands() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.answer(Answer.CONFIRMED, NOON + SECOND)
    driven.commands.sent = [replace(each, answers=tuple(driven.commands.answers)) for each in driven.commands.sent]
    driven.restart()

    driven.turn(NOON + 100 * SECOND)

    assert len(driven.told) == 1


def test_a_dry_run_and_another_controller_tell_nothing() -> None:
    driven = Driven()
    driven.control(f"dongle:{DONGLE}", dry_run=True)
    driven.turn(NOON)
    driven.control(NODE_RED)
    driven.turn(NOON)

    assert driven.said == []


def test_only_the_controller_may_report() -> None:
    driven = Driven()
    with pytest.raises(NotInControlError, match="dongle:"):
        driven.home.execute.report(HOME, CHARGE.id, records.outcome(), by=NODE_RED)
    driven.control(NODE_RED)
    driven.home.execute.report(HOME, CHARGE.id, records.outcome(), by=NODE_RED)
    with pytest.raises(NotInControlError):
        driven.home.execute.report(HOME, CHARGE.id, records.outcome(), by=f"dongle:{DONGLE}")


def test_a_controller_that_cannot_be_is_refused() -> None:
    driven = Driven()
    for controller in ("home assistant", "dongle:", "dongle:cat_1", DONGLE.upper()):
        with pytest.raises(InvalidInputError):
            driven.control(controller)


def test_a_person_commands_only_what_drives_the_site_and_then_holds_the_optimizer_back() -> None:
    driven = Driven()
    wish = Command(mode=Mode.HOLD)
    with pytest.raises(NotFoundError):
        driven.drive.order("bat_stranger", wish, house=house(), lease=timedelta(hours=1), actor="phone", now=NOON)

    sent = driven.drive.order(DONGLE, wish, house=house(), lease=timedelta(minutes=10), actor="phone", now=NOON)
    driven.turn(NOON + 20 * SECOND)
    assert driven.told == [sent]
    driven.turn(NOON + 601 * SECOND)
    assert driven.told[-1].decision_id == CHARGE.id

    told = len(driven.told)
    with pytest.raises(InvalidInputError, match="the battery can be charged at 5 kW at most"):
        driven.drive.order(
            DONGLE, Command(mode=Mode.FORCE_CHARGE, power_kw=1000), house=house(), lease=timedelta(hours=1), actor="phone", now=NOON
        )
    assert len(driven.told) == told

    driven.control(NODE_RED)
    with pytest.raises(NotInControlError):
        driven.drive.order(DONGLE, wish, house=house(), lease=timedelta(hours=1), actor="phone", now=NOON)


def test_the_schedule_is_said_when_it_changes_and_not_again() -> None:
    driven = Driven()
    driven.turn(NOON, records.plan(4))
    driven.turn(NOON + 20 * SECOND, records.plan(4, id="plan-2"))
    schedules = [what for what, _ in driven.said if isinstance(what, Schedule)]

    assert len(schedules) == 1
    assert (schedules[0].start, schedules[0].step_s, len(schedules[0].commands), len(schedules[0].classes)) == (NOON, 1800, 4, 4)


def test_an_answer_to_nobody_is_let_go() -> None:
    driven = Driven()
    driven.drive.answered(CommandAnswer(device=DONGLE, command_id="stranger", at=NOON, answer=Answer.CONFIRMED), NOON)

    assert driven.commands.answers == []
    assert "device.answered" not in {each.action for each in driven.home.audit.rows}


@pytest.mark.parametrize(("answer", "reason"), [(Answer.EXPIRED, "expired"), (Answer.REFUSED, "stale"), (Answer.CONFIRMED, "replayed")])
def test_an_order_of_others_that_a_dongle_refused_is_in_the_log_now_and_then(answer: Answer, reason: str) -> None:
    driven = Driven()
    for second in range(100):
        told = CommandAnswer(device=DONGLE, command_id=f"forged-{second}", at=NOON, answer=answer, reason=reason)
        driven.drive.answered(told, NOON + second * SECOND)

    [entry] = [each for each in driven.home.audit.rows if each.action == "device.answered"]
    assert (entry.actor, entry.subject) == (DONGLE, "forged-0")
    assert f"none of ours: {answer} ({reason})" in entry.detail


def test_an_order_that_came_again_is_in_the_log_and_changes_no_outcome() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.answer(Answer.CONFIRMED, NOON + SECOND)
    driven.answer(Answer.CONFIRMED, NOON + 5 * SECOND, reason="replayed")
    driven.answer(Answer.REFUSED, NOON + 9 * SECOND, reason="replayed")  # it has booted since, and forgot what became of it

    assert driven.outcomes == [OutcomeStatus.COMMANDED, OutcomeStatus.CONFIRMED]
    details = [each.detail for each in driven.home.audit.rows if each.action == "device.answered"]
    assert details == ["force_charge: it came again and was not done again"] * 2


def test_an_answer_that_was_lost_counts_when_it_is_repeated() -> None:
    driven = Driven()
    driven.turn(NOON)
    driven.answer(Answer.CONFIRMED, NOON + 5 * SECOND, reason="replayed")

    assert driven.outcomes == [OutcomeStatus.COMMANDED, OutcomeStatus.CONFIRMED]


def test_a_device_that_gives_each_refusal_a_reason_of_its_own_fills_no_log() -> None:
    driven = Driven()
    before = len(driven.home.audit.rows)
    for n in range(100):
        told = CommandAnswer(device=DONGLE, command_id=f"forged-{n}", at=NOON, answer=Answer.REFUSED, reason=f"stale {n}")
        driven.drive.answered(told, NOON + SECOND)

    assert len(driven.home.audit.rows) - before == 1


@pytest.mark.parametrize("answer", [Answer.FAILED, Answer.OVERRIDDEN])
def test_one_answer_of_a_kind_is_all_that_becomes_of_a_command(answer: Answer) -> None:
    driven = Driven()
    driven.turn(NOON)
    before = len(driven.home.audit.rows)
    for n in range(100):
        driven.answer(answer, NOON + n * SECOND)

    assert len(driven.commands.answers) == 1
    assert len(driven.home.audit.rows) - before == 1
    assert len(driven.outcomes) == 2
