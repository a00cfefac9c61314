"""What a real flow knows of its house: asked for, gone on with while nobody answers, and let go of the old way when it changes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.nodered.house import LEASE_S, MODE, PATIENCE_S, TICK_S, Stack
from tests.stack.executor import EXECUTOR, FOX, document, house
from tests.stack.home_assistant import until

pytestmark = pytest.mark.stack

TWO_MINUTES = timedelta(minutes=2)
NEWS_S = 75.0
"""A flow that knows nothing asks every half minute."""


def test_a_flow_that_never_reached_the_optimizer_writes_nothing_and_says_so(stack: Stack, chrome: Browser, tmp_path: Path) -> None:
    stack.rest()
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")
    stack.board.away = True
    try:
        with stack.other_flow(tmp_path / "nr") as other:
            stack.set_mode("Back-up")
            page = chrome.new_page()
            page.goto(other.flow.dashboard)
            expect(page.locator("[data-test='health-settings']")).to_contain_text(
                "nothing is known of this house yet, so nothing is written"
            )
            expect(page.locator("[data-test='health-settings'] .failed")).to_be_visible()
            expect(page.locator("[data-test=problem]")).to_contain_text("nothing is known of this house yet")
            page.close()
            assert stack.mode() == "Back-up"

            stack.board.away = False
            stack.wait_mode("Force Charge", NEWS_S)
    finally:
        stack.board.away = False


def test_a_flow_that_restarts_without_the_optimizer_still_knows_its_inverter(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")
    stack.wait_ticks()
    stack.board.away = True
    try:
        stack.flow.stop()
        stack.flow.start()
        stack.wait_mode("Self Use")
        page.goto(stack.flow.dashboard)
        expect(page.locator("[data-test='health-settings']")).to_contain_text("goes on with what was told before")
    finally:
        stack.board.away = False

    stack.wait_mode("Force Charge")
    expect(page.locator("[data-test='health-settings'] .ok")).to_be_visible()


def test_it_asks_whether_anything_changed(stack: Stack) -> None:
    stack.wait_ticks()
    asked = len(stack.board.described)
    stack.wait_ticks(3)

    assert {status for path, status in stack.board.described[asked:] if path == EXECUTOR} == {304}
    assert "JSON" not in stack.flow.log, "an empty answer is no nonsense"


def test_another_executor_is_left_alone_once_the_flow_has_let_go(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")
    stack.tell(executes=False)

    stack.wait_mode("Self Use")
    expect(page.locator("[data-test=hands-off]")).to_contain_text("names another executor")
    expect(page.locator("[data-test=status]")).to_have_text("hands off")  # "letting go" until self-use was read back
    stack.set_mode("Feed-in First")
    stack.wait_ticks(3)
    assert stack.mode() == "Feed-in First"
    expect(page.locator("[data-test=problem]")).to_have_count(0)
    expect(page.locator("[data-test='health-settings'] .ok")).to_be_visible()

    stack.tell(executes=True)
    stack.wait_mode("Force Charge")
    expect(page.locator("[data-test=hands-off]")).to_have_count(0)


def test_an_inverter_that_is_reached_by_another_entity_goes_to_self_use_by_the_old_one_first(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")
    stack.wait_ticks()
    changed = datetime.now(UTC)
    other = FOX | {"settings": FOX["settings"] | {"mode": "input_select.work_mode"}}
    stack.tell(profile=document("fox-ess", other)["profile"])

    until(lambda: _modes(stack, changed)[-2:] == ["Self Use", "Force Charge"], PATIENCE_S, "self-use first, then the plan")
    expect(page.locator("[data-test=problem]")).to_have_count(0)
    stack.force("hold")
    stack.wait_mode("Back-up")
    stack.ha.set_online(online=False)  # the old entity is away, the new one is not
    stack.force("feed_in_first")
    until(lambda: stack.ha.state("input_select.work_mode") == "Feed-in First", PATIENCE_S, "the new entity is used")


def test_an_answer_that_makes_no_sense_changes_nothing_and_is_named(stack: Stack, page: Page) -> None:
    stack.force("hold")
    stack.wait_mode("Back-up")
    stack.tell(write_budget=None)

    expect(page.locator("[data-test='health-settings']")).to_contain_text("write_budget is null")
    stack.force("feed_in_first")
    stack.wait_mode("Feed-in First")


def test_a_house_described_over_the_api_is_what_the_flow_lives_by(stack: Stack, page: Page) -> None:
    described = house("fox-ess", FOX, tick_minutes=TICK_S / 60, lease_minutes=LEASE_S / 60) | {"title": "The first house"}
    stack.describe(described)
    expect(page.locator("[data-test='health-settings']")).to_contain_text("The first house: Fox ESS (foxess_modbus)")
    stack.force("hold")
    stack.wait_mode("Back-up")
    assert {304} <= {status for path, status in stack.board.described if path == EXECUTOR}

    stack.describe(described | {"control": described["control"] | {"enabled": False}})
    stack.wait_mode("Self Use")
    expect(page.locator("[data-test=hands-off]")).to_contain_text("control is switched off")
    stack.describe(described | {"devices": [{"kind": "inverter", "way": {"by": "pushed"}}, {"kind": "battery"}]})
    expect(page.locator("[data-test=hands-off]")).to_contain_text("no way to its inverter through Home Assistant")
    stack.describe(described)
    stack.wait_mode("Back-up")


def _modes(stack: Stack, since: datetime) -> list[str]:
    return [state for _, state in stack.ha.history(MODE, since - TWO_MINUTES, datetime.now(UTC))]
