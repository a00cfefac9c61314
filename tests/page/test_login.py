"""The page of a service that lets nobody in without a token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.page.demo import Demo
from tests.page.visit import UNREACHABLE, visit

pytestmark = pytest.mark.stack

CONTROLLER, VIEWER = "controller-" * 3, "viewer-" * 5


@pytest.fixture
def guarded(chrome: Browser, tmp_path: Path) -> Iterator[Demo]:
    assert chrome.is_connected()
    settings = {
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_API__CONTROLLER_TOKEN": CONTROLLER,
        "OPTIMIZER_API__VIEWER_TOKEN": VIEWER,
    }
    running = Demo(tmp_path, settings)
    running.start()
    yield running
    running.stop()


def test_asks_for_a_token_and_keeps_it(chrome: Browser, guarded: Demo) -> None:
    seen = visit(chrome, guarded, wait=False)
    login = seen.page.locator("[data-test=login]")
    expect(login).to_be_visible()
    for token, accepted in (("wrong", False), (VIEWER, True)):
        seen.page.fill("[data-test=token]", token)
        seen.page.click("[data-test=token-save]")
        if accepted:
            expect(login).to_be_hidden()
        else:
            expect(login).to_contain_text("The token was refused")
    expect(seen.page.locator("[data-test=buy]")).to_contain_text("p/kWh")
    seen.page.reload()
    expect(seen.page.locator("[data-test=buy]")).to_contain_text("p/kWh")
    expect(login).to_be_hidden()

    seen.page.click("[data-test=override-set]")  # a viewer may only look
    expect(seen.page.locator("[data-test=override-feedback]")).to_contain_text("viewer")
    assert [each for each in seen.complaints if UNREACHABLE not in each] == []


def test_says_so_when_not_the_optimizer_decides(chrome: Browser, guarded: Demo) -> None:
    seen = visit(chrome, guarded, wait=False)
    seen.page.fill("[data-test=token]", CONTROLLER)
    seen.page.click("[data-test=token-save]")

    expect(seen.page.locator("[data-test=cause]")).to_contain_text("Not the optimizer")  # nobody ever measured the battery
    assert seen.text("soc") == "?"
    expect(seen.page.locator("[data-test=health]")).to_contain_text("never measured")
