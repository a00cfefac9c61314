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
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, forced

HOUR = timedelta(hours=1)
HOLD, CHARGE = Command(mode=Mode.HOLD), Command(mode=Mode.FORCE_CHARGE)


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


def told(home: FakeHome) -> list[tuple[str, str, str]]:
    return [(each.action, each.subject, each.detail) for each in home.audit.rows]


def held(home: FakeHome, hours: int) -> list[Mode | None]:
    """Return what is forced in each of so many hours of the night."""
    found = [home.execute.holding(HOME, NIGHT + n * HOUR) for n in range(hours)]
    return [None if each is None else each.command.mode for each in found]


def test_the_newest_wish_holds_in_its_own_span_and_what_it_covers_holds_again_after_it() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(CHARGE, NIGHT, NIGHT + 4 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + HOUR, NIGHT + 2 * HOUR, set_at=NIGHT))
    assert held(home, 5) == [Mode.FORCE_CHARGE, Mode.HOLD, Mode.FORCE_CHARGE, Mode.FORCE_CHARGE, None]
    assert told(home)[1] == (
        "override.set",
        "2026-06-01T23:00Z",
        "hold from 2026-06-01T23:00Z until 2026-06-02T00:00Z, over force_charge from 2026-06-01T22:00Z until 2026-06-02T02:00Z",
    )


def test_one_that_begins_earlier_covers_a_later_one_only_where_they_meet_and_says_so() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(HOLD, NIGHT + 2 * HOUR, NIGHT + 4 * HOUR, set_at=NIGHT))
    home.execute.force(HOME, forced(CHARGE, NIGHT, NIGHT + 3 * HOUR))
    assert held(home, 5) == [Mode.FORCE_CHARGE, Mode.FORCE_CHARGE, Mode.FORCE_CHARGE, Mode.HOLD, None]
    assert "over hold from 2026-06-02T00:00Z" in told(home)[-1][2]


def test_giving_back_gives_back_what_was_there_before_and_then_the_plan() -> None:
    home, minute = FakeHome().priced(), timedelta(minutes=1)
    home.execute.force(HOME, forced(CHARGE, NIGHT, NIGHT + 8 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + minute, NIGHT + HOUR))
    assert home.ask(NIGHT + minute).command.mode is Mode.HOLD
    home.execute.release(HOME, NIGHT + minute, actor="page", now=NIGHT + 5 * minute)
    assert home.ask(NIGHT + 5 * minute).command.mode is Mode.FORCE_CHARGE
    home.execute.release(HOME, NIGHT, actor="page", now=NIGHT + 6 * minute)
    assert home.ask(NIGHT + 6 * minute).plan_source is PlanSource.OPTIMIZER
    assert [each[0] for each in told(home)] == ["override.set", "override.set", "override.removed", "override.removed"]
    assert told(home)[-1][2] == "force_charge from 2026-06-01T22:00Z until 2026-06-02T06:00Z"


def test_a_wish_for_later_ends_the_lease_of_what_holds_until_then() -> None:
    home, minute = FakeHome().priced(), timedelta(minutes=1)
    home.execute.force(HOME, forced(CHARGE, NIGHT, NIGHT + 8 * HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT + 7 * minute, NIGHT + HOUR, set_at=NIGHT))
    assert home.ask(NIGHT).valid_until < NIGHT + 8 * minute


def test_the_newest_wish_wins_also_when_the_clock_was_set_back() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(CHARGE, NIGHT, NIGHT + 8 * HOUR, set_at=NIGHT + HOUR))
    home.execute.force(HOME, forced(HOLD, NIGHT - HOUR, NIGHT + 2 * HOUR, set_at=NIGHT))
    assert held(home, 3) == [Mode.HOLD, Mode.HOLD, Mode.FORCE_CHARGE]


def test_putting_an_override_again_is_no_second_one() -> None:
    home = FakeHome()
    for until in (HOUR, 2 * HOUR):
        home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + until))
    assert [each.action for each in home.audit.rows] == ["override.set", "override.set"]
    assert [each.span.end for each in home.overrides.rows.values()] == [NIGHT + 2 * HOUR]
    assert "in place of hold from" in told(home)[-1][2]


def test_power_and_target_are_in_the_log() -> None:
    home = FakeHome()
    home.execute.force(HOME, forced(Command(mode=Mode.FORCE_CHARGE, power_kw=2.5, target_soc_pct=80), NIGHT, NIGHT + HOUR))
    assert told(home)[0][2].startswith("force_charge 2.5 kW to 80 % from")


def test_more_than_the_house_can_do_is_not_forced_and_what_was_forced_before_stays() -> None:
    home = FakeHome()
    before = home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + HOUR))
    with pytest.raises(InvalidInputError, match="1000 kW is too much: the battery can give 5 kW at most"):
        home.execute.force(HOME, forced(Command(mode=Mode.FORCE_DISCHARGE, power_kw=1000), NIGHT, NIGHT + HOUR))
    assert home.execute.forced(HOME, Slot(NIGHT, NIGHT + HOUR)) == [before]
    assert len(home.audit.rows) == 1


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
