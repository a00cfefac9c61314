"""The reference of the API in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.demo import Demo
from tests.page.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.stack

VIEWER = "viewer-" * 5
ASK = "#operations-recommendation-now_api_v1_recommendation_now_get"


@pytest.fixture(scope="module")
def guarded(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    assert chrome.is_connected()
    settings = {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_API__VIEWER_TOKEN": VIEWER}
    running = Demo(tmp_path_factory.mktemp("reference"), settings)
    running.start()
    yield running
    running.stop()


def opened(chrome: Browser, demo: Demo, size: tuple[int, int] = DESKTOP, *, token: str = "") -> Visit:
    page = chrome.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    if token:
        page.add_init_script(f"localStorage.setItem('battery-optimizer-token', '{token}')")
    found = Visit(page)
    page.goto(f"{demo.url}/docs")
    expect(page.locator(ASK)).to_be_visible(timeout=60_000)
    return found


def tried(page: Page) -> str:
    """Return the status of a question asked on the page."""
    page.locator(ASK).click()
    page.locator(f"{ASK} .try-out__btn").click()
    page.locator(f"{ASK} .execute").click()
    status = page.locator(f"{ASK} .live-responses-table tbody .response-col_status").first
    expect(status).to_be_visible(timeout=60_000)
    return status.inner_text().split()[0]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_is_drawn_from_this_service_alone_and_fits(chrome: Browser, guarded: Demo, size: tuple[int, int]) -> None:
    seen = opened(chrome, guarded, size)

    assert [url for url in seen.asked if not url.startswith((f"{guarded.url}/", "data:"))] == []
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_asks_with_a_token_that_is_typed_in(chrome: Browser, guarded: Demo) -> None:
    page = opened(chrome, guarded).page
    assert tried(page) == "401"

    page.locator(".btn.authorize").click()
    page.locator(".auth-container input").fill(VIEWER)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    page.locator(f"{ASK} .execute").click()

    expect(page.locator(f"{ASK} .live-responses-table tbody .response-col_status").first).to_contain_text("200", timeout=60_000)


def test_asks_with_the_token_the_house_s_page_keeps(chrome: Browser, guarded: Demo) -> None:
    assert tried(opened(chrome, guarded, token=VIEWER).page) == "200"
