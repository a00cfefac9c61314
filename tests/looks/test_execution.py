"""Whether somebody carries out what is decided: told by reports, not by orders."""

from dataclasses import replace
from datetime import datetime

import pytest

from app.domain.decision import Decision
from app.domain.setting import Preferences
from app.domain.site import HOME
from app.looks.execution import Carried, Execution, execution
from app.looks.health import Status
from tests.fake_stores import NIGHT, Disk, FakeDecisions
from tests.fakes import FakeHome
from tests.records import HALF_HOUR, at, decision, outcome, slot

NODE_RED_DRIVES = Preferences(reserve_pct=10)


def made(n: int, *, reported: bool) -> Decision:
    outcomes = (outcome(at=at(n)),) if reported else ()
    return replace(decision(), id=f"d{n}", slot=slot(n), decided_at=at(n), outcomes=outcomes)


def look(decided: list[Decision], now: datetime, preferences: Preferences = NODE_RED_DRIVES) -> Execution:
    decisions = FakeDecisions(Disk())
    for each in decided:
        decisions.save(each)
    return execution(decisions, HOME, preferences, now)


def test_two_slots_that_nobody_reports_on_are_carried_out_by_nobody() -> None:
    silent = [made(n, reported=False) for n in range(3)]

    found = look(silent, at(2.1))

    assert found.carried is Carried.NOBODY
    assert "Node-RED" in found.remedy


def test_one_slot_is_too_early_to_tell() -> None:
    assert look([made(0, reported=False), made(1, reported=False)], at(1.9)).carried is Carried.TOO_EARLY


def test_a_report_on_any_of_the_last_slots_is_somebody() -> None:
    found = look([made(0, reported=False), made(1, reported=True), made(2, reported=False)], at(2.9))

    assert (found.carried, found.reported_at) == (Carried.REPORTED, at(1))


@pytest.mark.parametrize("silent_slots", [2, 20])
def test_an_executor_that_fell_silent_was_interrupted(silent_slots: int) -> None:
    decided = [made(0, reported=True), *(made(n, reported=False) for n in range(1, silent_slots + 2))]

    found = look(decided, at(silent_slots + 1.1))

    assert (found.carried, found.reported_at) == (Carried.INTERRUPTED, at(0))
    assert found.remedy


def test_a_dongle_that_fell_silent_is_looked_at_itself() -> None:
    drives = Preferences(reserve_pct=10, controller="dongle:bat_60bh37202bfa")

    assert "dongle" in look([made(n, reported=False) for n in range(3)], at(2.1), drives).remedy


@pytest.mark.parametrize(
    ("preferences", "carried"),
    [(Preferences(reserve_pct=10, dry_run=True), Carried.DRY_RUN), (Preferences(reserve_pct=10, enabled=False), Carried.OFF)],
)
def test_where_nothing_is_to_be_carried_out_nobody_is_missing(preferences: Preferences, carried: Carried) -> None:
    found = look([made(n, reported=False) for n in range(3)], at(2.1), preferences)

    assert (found.carried, found.remedy) == (carried, "")


def test_health_is_degraded_with_the_remedy_where_nobody_reports() -> None:
    home = FakeHome().priced()
    for n in range(3):
        home.ask(NIGHT + n * HALF_HOUR)

    found = home.component("executor", NIGHT + 2.1 * HALF_HOUR)

    assert found.status is Status.DEGRADED
    assert "Node-RED" in found.remedy
    assert home.health.report(HOME, NIGHT + 2.1 * HALF_HOUR).carried is Carried.NOBODY
