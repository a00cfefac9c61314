"""What becomes of an override in the decision."""

from datetime import timedelta

import pytest

from app.domain.decision import Command
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode
from tests.builders import battery, house
from tests.fakes import NIGHT, FakeHome, forced
from tests.records import audit_entry

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


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
