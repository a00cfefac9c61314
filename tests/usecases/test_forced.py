"""What becomes of an override in the decision."""

from datetime import timedelta

import pytest

from app.control.decide import HANDOVER_S
from app.domain.decision import Command
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode, Withheld
from app.looks.health import Status
from tests.builders import battery, house
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, forced
from tests.records import audit_entry

HOUR, MINUTE, HALF_HOUR = timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=30)
HANDOVER = timedelta(seconds=HANDOVER_S)
HOLD = Command(mode=Mode.HOLD)


def test_an_override_from_before_the_house_became_smaller_is_done_as_far_as_it_goes_and_says_so() -> None:
    home = FakeHome().priced()
    wish = Command(mode=Mode.FORCE_DISCHARGE, power_kw=1000, target_soc_pct=5)
    home.overrides.put(HOME, forced(wish, NIGHT, NIGHT + HOUR), audit_entry())

    decision = home.ask(NIGHT)

    assert decision.command == Command(mode=Mode.FORCE_DISCHARGE, power_kw=5, target_soc_pct=10)
    assert "1000 kW is too much: the battery can give 5 kW at most; a discharge to 5 % would drain the reserve of 10 %" in decision.reason
    assert decision.discharge_current_a == pytest.approx(5000 / 51.2, abs=1), "not 19 531 A"


def test_an_override_without_a_target_ends_where_the_house_does() -> None:
    home = FakeHome(site=house(battery(reserve_kwh=2.5, limit_kwh=9), ac_limit_kw=5)).priced()
    ends = []
    for n, mode in enumerate((Mode.FORCE_DISCHARGE, Mode.FORCE_CHARGE)):
        home.execute.force(HOME, forced(Command(mode=mode), NIGHT + n * MINUTE, NIGHT + HOUR))
        ends.append(home.ask(NIGHT + n * MINUTE).command.target_soc_pct)
    assert ends == [25, 90]


def test_what_lies_below_holds_again_also_while_the_store_is_away() -> None:
    home = FakeHome().priced()
    home.execute.force(HOME, forced(Command(mode=Mode.FEED_IN_FIRST), NIGHT, NIGHT + HOUR))
    home.execute.force(HOME, forced(Command(mode=Mode.HOLD), NIGHT + MINUTE, NIGHT + 10 * MINUTE))
    assert home.ask(NIGHT + 2 * MINUTE).command.mode is Mode.HOLD

    home.disk.away = True
    later = home.ask(NIGHT + 11 * MINUTE)
    assert (later.command.mode, later.plan_source) == (Mode.FEED_IN_FIRST, PlanSource.OVERRIDE)


def test_an_override_wins_and_ends() -> None:
    home = FakeHome().priced()
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + 10 * MINUTE))
    decision = home.ask(NIGHT + MINUTE)
    assert (decision.plan_source, decision.command) == (PlanSource.OVERRIDE, HOLD)
    assert decision.valid_until == NIGHT + 10 * MINUTE + HANDOVER, "its lease ends with it, but for who asks just then"
    assert "owner" in decision.reason
    assert home.component("optimizer", NIGHT + MINUTE).status is Status.OK
    assert home.ask(NIGHT + 10 * MINUTE).plan_source is PlanSource.OPTIMIZER


def test_a_longer_override_lengthens_the_lease() -> None:
    home = FakeHome().priced()
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + 10 * MINUTE))
    home.ask(NIGHT)
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + 20 * MINUTE))
    assert home.ask(NIGHT + MINUTE).valid_until == NIGHT + 20 * MINUTE + HANDOVER


def test_an_override_wins_while_the_store_is_away() -> None:
    home = FakeHome().priced()
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + timedelta(hours=1)))
    home.ask(NIGHT)
    home.disk.away = True
    assert home.ask(NIGHT + MINUTE).plan_source is PlanSource.OVERRIDE
    assert home.ask(NIGHT + timedelta(hours=1)).plan_source is PlanSource.LAST_PLAN, "the plan around it goes on"


def test_an_override_needs_no_price_and_no_state() -> None:
    home = FakeHome(house=None)
    home.execute.force(HOME, forced(HOLD, NIGHT, NIGHT + HALF_HOUR))
    assert home.ask(NIGHT).command == HOLD


def test_an_override_of_a_mode_that_can_no_longer_be_told_is_self_use_with_the_reason() -> None:
    switched_off = tuple(Withheld(mode=mode, reason="control is switched off") for mode in Mode if mode is not Mode.SELF_USE)
    home = FakeHome(site=house(modes=(Mode.SELF_USE,), withheld=switched_off)).priced()
    home.overrides.put(HOME, forced(HOLD, NIGHT, NIGHT + HALF_HOUR), audit_entry())

    decision = home.ask(NIGHT)

    assert (decision.command.mode, decision.plan_source) == (Mode.SELF_USE, PlanSource.OVERRIDE)
    assert decision.reason.endswith("; Back-up cannot be had: control is switched off: self-use instead")
