"""The browser that the tests of a file share; what a test opened is closed with it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.page.demo import browser, chromium
from tests.stack.parts import require


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    require(chromium() is not None, "chromium")
    with browser() as found:
        yield found


@pytest.fixture(autouse=True)
def closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what the test leaves open: a forgotten page goes on asking, and its routes fail in another test when the service is away."""
    yield
    if "chrome" not in request.fixturenames:
        return
    chrome: Browser = request.getfixturevalue("chrome")
    for context in chrome.contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.close()
