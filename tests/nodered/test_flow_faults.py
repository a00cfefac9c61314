"""What fails around the flow in a real house: self-use within the lease and a tick, the cause on the page, and on again without help."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.nodered.house import MODE, PATIENCE_S, SAFE_WITHIN_S, Stack
from tests.stack.home_assistant import until

pytestmark = pytest.mark.stack

RESTED_S = 3 * PATIENCE_S
"""A mode that failed in the tests before rests for up to twelve ticks."""

TWO_MINUTES = timedelta(minutes=2)
AWAY = {"unknown", "unavailable"}


def charging(stack: Stack) -> None:
    """Have the inverter do what may not go on when nobody vouches for it."""
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")


def test_without_the_optimizer_the_inverter_returns_to_self_use(stack: Stack, page: Page) -> None:
    charging(stack)
    killed = datetime.now(UTC)
    stack.optimizer.stop()
    try:
        stack.wait_safe(killed)
        expect(page.locator("[data-test=problem]")).to_contain_text("does not answer")
        expect(page.locator("[data-test='health-optimizer'] .failed")).to_be_visible()
        until(lambda: "does not answer" in stack.notices(), PATIENCE_S, "Home Assistant shows it")
    finally:
        stack.optimizer.start()

    stack.wait_mode("Force Charge")
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_an_unknown_mode_is_answered_by_self_use_and_shown(stack: Stack, page: Page) -> None:
    charging(stack)
    told = datetime.now(UTC)
    stack.board.changed = {"mode_code": "turbo", "mode": "Turbo"}
    stack.wait_safe(told)

    expect(page.locator("[data-test=problem]")).to_contain_text('unknown mode "turbo"')
    until(lambda: "unknown mode" in stack.notices(), 15, "Home Assistant shows it")
    stack.board.changed = {}
    until(lambda: "battery_optimizer" not in stack.notices(), PATIENCE_S, "the notification is gone with its cause")
    stack.wait_mode("Force Charge")
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_an_inverter_that_is_offline_is_reported_not_believed(stack: Stack, page: Page) -> None:
    stack.force("self_use")
    stack.wait_mode("Self Use")
    stack.ha.set_online(online=False)
    stack.force("feed_in_first")

    until(lambda: "failed" in [each["status"] for each in stack.outcomes("feed_in_first")], PATIENCE_S, "it is reported failed")

    assert "unavailable" in stack.outcomes("feed_in_first")[0]["detail"]
    assert "confirmed" not in [each["status"] for each in stack.outcomes("feed_in_first")]
    expect(page.locator("[data-test=problem]")).to_contain_text("did not obey")
    stack.ha.set_online(online=True)
    stack.wait_mode("Feed-in First")


def test_an_inverter_that_ignores_a_mode_is_left_in_self_use(stack: Stack, page: Page) -> None:
    charging(stack)
    stack.set_ignored("Force Discharge")
    asked = datetime.now(UTC)
    stack.force("force_discharge", 1.0)
    stack.wait_safe(asked)

    expect(page.locator("[data-test=problem]")).to_contain_text("did not obey: select.fox_work_mode is")
    until(lambda: "failed" in [each["status"] for each in stack.outcomes("force_discharge")], PATIENCE_S, "it is reported failed")
    assert "confirmed" not in [each["status"] for each in stack.outcomes("force_discharge")]
    assert "did not obey" in stack.notices()
    stack.wait_ticks()
    assert stack.mode() == "Self Use"

    stack.set_ignored("")
    stack.wait_mode("Force Discharge")
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_an_inverter_that_ignores_everything_is_asked_for_self_use_until_it_obeys(stack: Stack, page: Page) -> None:
    charging(stack)
    stack.set_ignored("everything")
    stack.board.changed = {"mode_code": "turbo", "mode": "Turbo"}
    expect(page.locator("[data-test=problem]")).to_contain_text("unknown mode")
    stack.wait_ticks()
    assert stack.mode() == "Force Charge"

    stack.set_ignored("")
    stack.wait_safe(datetime.now(UTC))
    stack.board.changed = {}
    stack.wait_mode("Force Charge")


def test_an_inverter_that_reverts_is_reported_and_left_in_self_use(stack: Stack, page: Page) -> None:
    charging(stack)
    before = len(stack.outcomes("force_discharge"))
    with _reverting(stack, "Force Discharge", to="Force Charge"):
        asked = datetime.now(UTC)
        stack.force("force_discharge", 1.0)
        until(
            lambda: "failed" in [each["status"] for each in stack.outcomes("force_discharge")[before:]], PATIENCE_S, "it is reported failed"
        )
        stack.wait_safe(asked)
        expect(page.locator("[data-test=problem]")).to_contain_text("not Force Discharge")

    assert "not Force Discharge" in stack.outcomes("force_discharge")[-1]["detail"]
    stack.wait_mode("Force Discharge")


@pytest.mark.parametrize("away_s", [0.0, SAFE_WITHIN_S], ids=["soon", "after the lease"])
def test_home_assistant_that_restarts_is_brought_to_self_use_first_and_then_to_the_plan(stack: Stack, page: Page, away_s: float) -> None:
    """While it is away nobody reaches the inverter, which keeps its mode: so time counts from when it is back."""
    told = len(_details(stack, "force_charge"))
    charging(stack)
    until(lambda: _confirmed(stack, "force_charge"), PATIENCE_S, "nothing is under way when it goes")
    stack.ha.stop()
    expect(page.locator("[data-test=problem]")).to_contain_text("Home Assistant")
    expect(page.locator("[data-test='health-Home Assistant'] .failed")).to_be_visible()
    time.sleep(away_s)
    stack.ha.start()
    back = datetime.now(UTC)

    until(lambda: "was away for" in _details(stack, "force_charge")[told:], PATIENCE_S, "it is told that Home Assistant was away")
    until(lambda: _last_modes(stack, back) == ["Force Charge", "Self Use", "Force Charge"], RESTED_S, "self-use first, then the plan")
    assert (stack.ha.history(MODE, back - TWO_MINUTES, datetime.now(UTC))[-2][0] - back).total_seconds() <= SAFE_WITHIN_S
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_node_red_that_restarts_keeps_its_count_and_goes_on(stack: Stack) -> None:
    charging(stack)
    writes = stack.flow_state()["writes"]["count"]
    stack.flow.stop()
    stack.force("feed_in_first")
    stack.flow.start()

    stack.wait_mode("Feed-in First")
    until(lambda: stack.flow_state()["writes"]["count"] > writes, PATIENCE_S, "the count went on")


def _last_modes(stack: Stack, back: datetime) -> list[str]:
    """Return the last three modes that were recorded, also from before the inverter was away."""
    states = [state for _, state in stack.ha.history(MODE, back - TWO_MINUTES, datetime.now(UTC)) if state not in AWAY]
    return [state for n, state in enumerate(states) if n == 0 or states[n - 1] != state][-3:]


def _confirmed(stack: Stack, mode_code: str) -> bool:
    return [each["status"] for each in stack.outcomes(mode_code)][-1:] == ["confirmed"]


def _details(stack: Stack, mode_code: str) -> str:
    return " ".join(each["detail"] or "" for each in stack.outcomes(mode_code))


@contextmanager
def _reverting(stack: Stack, option: str, *, to: str) -> Iterator[None]:
    """An inverter that goes back by itself."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            if stack.mode() == option:
                stack.set_mode(to)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
