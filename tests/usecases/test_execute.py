"""What people force, and what became of each command."""

from datetime import timedelta

import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from tests import records
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


def test_releasing_what_is_not_forced_is_refused() -> None:
    with pytest.raises(NotFoundError):
        FakeHome().execute.release(HOME, NIGHT, actor="owner", now=NIGHT)


def test_a_forgotten_override_ends() -> None:
    with pytest.raises(InvalidInputError, match="72 h"):
        forced(HOLD, NIGHT, NIGHT + 73 * HOUR)


def test_a_report_comes_back_with_the_decision() -> None:
    home = FakeHome()
    home.decisions.save(records.decision(0))
    assert home.execute.report(HOME, "decision-0", records.outcome()).outcomes == (records.outcome(),)
    with pytest.raises(NotFoundError):
        home.execute.report(HOME, "decision-9", records.outcome())
