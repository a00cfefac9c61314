"""The house that the tests of the flow share, one per file, and a page that shows its dashboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.nodered.house import TOLD, Stack, running_house
from tests.page.demo import browser, chromium
from tests.stack import install_home_assistant, nodered
from tests.stack.parts import require

expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")
    with running_house(tmp_path_factory.mktemp("flow")) as running:
        yield running


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    require(chromium() is not None, "Chromium")
    with browser() as running:
        yield running


@pytest.fixture
def page(stack: Stack, chrome: Browser) -> Iterator[Page]:
    context = chrome.new_context(viewport={"width": 1280, "height": 1000})
    opened, errors = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(stack.flow.dashboard)
    expect(opened.locator("[data-test=mode]")).to_be_visible()
    yield opened
    context.close()
    assert errors == []


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> None:
    """Every test starts from a house that works."""
    if "stack" not in request.fixturenames:
        return
    stack: Stack = request.getfixturevalue("stack")
    stack.board.changed, stack.board.told = {}, dict(TOLD)
    stack.ha.set_online(online=True)
    stack.set_ignored("")
    stack.set_refused("")
    stack.release()
