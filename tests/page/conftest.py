"""The browser that the tests of a file share."""

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
