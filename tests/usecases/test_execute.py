"""What people force, and what became of each command."""

from datetime import timedelta

import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.order import Evidence
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode, Withheld
from app.domain.slot import Slot
from tests import records
from tests.builders import house
from tests.fakes import NIGHT, FakeHome, forced

HOUR = timedelta(hours=1)
HOLD = Command(mode=Mode.HOLD)


def test_an_override_of_the_past_is_refused() -> None:
    home = FakeHome()
    with pytest.raises(InvalidInputError, match="over"):
        home.execute.force(HOME, forced(HOLD, NIGHT - 2 * HOUR, NIGHT - HOUR, set_at=NIGHT))
    assert not home.overrides.rows
    assert not home.audit.rows


def test_forcing_and_releasing_are_audited() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + HOUR))
    home.execute.release(HOME, NIGHT, actor="owner", now=NIGHT + timedelta(minutes=5))
    assert [(each.actor, each.action, each.subject) for each in home.audit.rows] == [
        ("owner", "override.set", "2026-06-01T22:00Z"),
        ("owner", "override.removed", "2026-06-01T22:00Z"),
    ]
    assert home.execute.forced(HOME, Slot(NIGHT, NIGHT + HOUR)) == []


def test_the_newest_wish_is_the_only_one_that_holds_and_giving_back_gives_back_to_the_plan() -> None:
    home, minute = FakeHome().priced(), timedelta(minutes=1)
    home.execute.force(HOME, forced(Command(mode=Mode.FORCE_CHARGE), NIGHT, NIGHT + 8 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + minute, NIGHT + HOUR))
    assert [each.command for each in home.execute.forced(HOME, Slot(NIGHT, NIGHT + 8 * HOUR))] == [HOLD]
    home.execute.release(HOME, NIGHT + minute, actor="page", now=NIGHT + 5 * minute)
    assert home.ask(NIGHT + 5 * minute).plan_source is PlanSource.OPTIMIZER
    assert [(each.action, each.subject, each.detail) for each in home.audit.rows][1] == (
        "override.replaced",
        "2026-06-01T22:00Z",
        "force_charge ends at 2026-06-01T22:01Z instead of 2026-06-02T06:00Z",
    )


def test_a_wish_for_later_ends_what_is_forced_only_then_and_one_that_begins_after_it_stays() -> None:
    home, charge, day = FakeHome(), Command(mode=Mode.FORCE_CHARGE), Slot(NIGHT, NIGHT + 24 * HOUR)
    home.execute.force(HOME, forced(charge, NIGHT, NIGHT + 8 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + 2 * HOUR, NIGHT + 3 * HOUR, set_at=NIGHT))
    home.execute.force(HOME, forced(charge, NIGHT + HOUR, NIGHT + 5 * HOUR, set_at=NIGHT + HOUR))
    assert [(each.command.mode, each.span) for each in sorted(home.execute.forced(HOME, day), key=lambda each: each.span.start)] == [
        (Mode.FORCE_CHARGE, Slot(NIGHT + HOUR, NIGHT + 5 * HOUR)),
        (Mode.HOLD, Slot(NIGHT + 2 * HOUR, NIGHT + 3 * HOUR)),
    ]


def test_a_wish_for_later_shortens_what_holds_until_then() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(Command(mode=Mode.FORCE_CHARGE), NIGHT, NIGHT + 8 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + 2 * HOUR, NIGHT + 3 * HOUR, set_at=NIGHT))
    holds = [home.overrides.active(HOME, NIGHT + n * HOUR) for n in range(4)]
    assert [None if each is None else each.command.mode for each in holds] == [Mode.FORCE_CHARGE, Mode.FORCE_CHARGE, Mode.HOLD, None]


def test_putting_an_override_again_is_no_second_one() -> None:
    home = FakeHome()
    for until in (HOUR, 2 * HOUR):
        home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + until))
    assert [each.action for each in home.audit.rows] == ["override.set", "override.set"]
    assert [each.span.end for each in home.overrides.rows.values()] == [NIGHT + 2 * HOUR]


def test_releasing_what_is_not_forced_is_refused() -> None:
    with pytest.raises(NotFoundError):
        FakeHome().execute.release(HOME, NIGHT, actor="owner", now=NIGHT)


def test_a_forgotten_override_ends() -> None:
    with pytest.raises(InvalidInputError, match="72 h"):
        forced(HOLD, NIGHT, NIGHT + 73 * HOUR)


def test_a_report_comes_back_with_the_decision() -> None:
    home = FakeHome()
    home.decisions.save(records.decision(0))
    judged = records.outcome(evidence=Evidence.ACCEPTED)  # it is said to be confirmed, but nothing was read back
    assert home.execute.report(HOME, "decision-0", records.outcome()).outcomes == (judged,)
    with pytest.raises(NotFoundError):
        home.execute.report(HOME, "decision-9", records.outcome())


def test_a_mode_the_inverter_cannot_be_told_is_not_forced_and_what_was_forced_before_stays() -> None:
    can_charge = FakeHome(site=house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE), withheld=(Withheld(mode=Mode.HOLD, reason="no such mode"),)))
    charge = can_charge.execute.force(HOME, forced(Command(mode=Mode.FORCE_CHARGE), NIGHT, NIGHT + HOUR))

    with pytest.raises(InvalidInputError, match="Back-up cannot be had: no such mode"):
        can_charge.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + HOUR))

    assert can_charge.execute.forced(HOME, Slot(NIGHT, NIGHT + HOUR)) == [charge]
