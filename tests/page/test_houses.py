"""The page of one house among several, in a real browser: every question is of that house, and the others are a choice away."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.page.demo import Demo
from tests.page.visit import DESKTOP, PHONE, Visit, visit
from tests.sites import document

pytestmark = pytest.mark.stack

HOUSES = ("gnesta", "london")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo in which two more houses are described."""
    running = Demo(tmp_path_factory.mktemp("houses"))
    running.start()
    try:
        for name in HOUSES:
            told = httpx.put(f"{running.url}/api/v1/sites/{name}", json=document(name), headers={"If-None-Match": "*"})
            told.raise_for_status()
        yield running
    finally:
        running.stop()


def asked_for(visited: Visit) -> set[str | None]:
    """Return the houses that the page asked about."""
    asked = [parse_qs(urlsplit(url).query) for url in visited.asked if "/api/v1/" in url or "/health" in url]
    return {query.get("site", [None])[0] for query in asked}


def test_without_a_wish_it_is_home_and_the_others_are_offered(chrome: Browser, demo: Demo) -> None:
    found = visit(chrome, demo)

    options = found.page.locator("[data-test=house] option")
    expect(options).to_have_count(3)
    assert {"Kvarnen", "The first house"} <= set(options.all_inner_texts())
    assert found.page.locator("[data-test=house]").input_value() == "home"
    assert asked_for(found) == {None}


def test_another_house_is_a_choice_away_and_every_question_is_of_it(chrome: Browser, demo: Demo) -> None:
    found = visit(chrome, demo)
    found.asked.clear()
    with found.page.expect_navigation():
        found.page.select_option("[data-test=house]", "gnesta")

    expect(found.page).to_have_title("Kvarnen · Battery optimizer")
    assert parse_qs(urlsplit(found.page.url).query) == {"site": ["gnesta"]}
    assert asked_for(found) == {"gnesta"}
    assert found.page.locator("[data-test=house]").input_value() == "gnesta"
    with found.page.expect_navigation():
        found.page.select_option("[data-test=house]", "london")
    expect(found.page).to_have_title("The first house · Battery optimizer")


def test_a_house_that_is_not_there_says_so_and_can_be_left(chrome: Browser, demo: Demo) -> None:
    page = chrome.new_context().new_page()
    page.goto(f"{demo.url}/?site=nowhere")

    expect(page.locator("[data-test=trouble]")).to_contain_text("nowhere")
    assert page.locator("[data-test=house]").input_value() == "nowhere"
    page.select_option("[data-test=house]", "london")
    expect(page).to_have_title("The first house · Battery optimizer")


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (420, 900)])
def test_the_head_fits(chrome: Browser, demo: Demo, size: tuple[int, int]) -> None:
    found = visit(chrome, demo, size)

    expect(found.page.locator("[data-test=house]")).to_be_visible()
    assert found.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    house, fresh = (found.page.locator(f"[data-test={name}]").bounding_box() for name in ("house", "freshness"))
    assert house is not None
    assert fresh is not None
    assert house["x"] + house["width"] <= fresh["x"] or house["y"] >= fresh["y"] + fresh["height"]
    assert found.complaints == []
