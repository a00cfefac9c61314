"""The devices card in a real browser: who is let in and shut out, and who may do that."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from app.storage.database import Database
from app.storage.devices import DeviceStore
from app.trust.credentials import Authority
from tests.page.demo import Demo
from tests.page.visit import DESKTOP, PHONE

pytestmark = pytest.mark.stack

ADMIN, VIEWER = "admin-" * 6, "viewer-" * 5
NEW, OTHER = "bat_60bh37202bfa", "met_0badcafe"
ASK_UNTIL_ONE_CAME = """() => {
  window.dispatchEvent(new Event("online"));
  return document.querySelector("[data-test=claim-device] option");
}"""
EVIL = "<img src=x onerror='window.hacked=1'>"


@contextmanager
def served(folder: Path) -> Iterator[Demo]:
    """Serve with an authority, to whose broker no dongle has ever come."""
    Authority.create(folder / "ca", datetime.now(UTC))
    settings = {
        "OPTIMIZER_DATABASE__URL": database_of(folder),
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_API__ADMIN_TOKEN": ADMIN,
        "OPTIMIZER_API__VIEWER_TOKEN": VIEWER,
        "OPTIMIZER_CERTIFICATES__FOLDER": str(folder / "ca"),
    }
    running = Demo(folder, settings)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One to which none comes in these tests."""
    with served(tmp_path_factory.mktemp("empty")) as running:
        yield running


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One to which two dongles have come, and where nobody claims them in these tests."""
    with served(tmp_path_factory.mktemp("visited")) as running:
        they_come(running, NEW, OTHER)
        yield running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Demo]:
    """One of its own for a test that changes who has come."""
    with served(tmp_path) as running:
        yield running


def database_of(folder: Path) -> str:
    return f"sqlite:///{folder}/home.db"


def they_come(house: Demo, *devices: str) -> None:
    database = Database.open(database_of(house.folder))
    for each in devices:
        DeviceStore(database).note(each, datetime.now(UTC))
    database.close()


def visit(chrome: Browser, house: Demo, token: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
    """Open the page with a token; see the devices."""
    page = come_in(chrome, house, token, size, scheme)
    expect(page.locator("[data-test=devices]")).to_be_visible()
    return page


def come_in(chrome: Browser, house: Demo, token: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
    """Open the page with a token."""
    page = chrome.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if scheme == "dark" else "light"
    ).new_page()
    page.route("**/plotly*", lambda route: route.abort())  # charts take seconds, and are looked at in test_page
    page.goto(house.url)
    page.fill("[data-test=token]", token)
    page.click("[data-test=token-save]")
    return page


def standing(house: Demo) -> dict[str, tuple[str, str]]:
    told: list[dict[str, Any]] = ask(house, "devices")["devices"]
    return {each["id"]: (each["standing"], each["title"]) for each in told}


def actions(house: Demo) -> list[str]:
    """Return what was done to devices, as the audit log tells it."""
    return [each["action"] for each in ask(house, "audit")["entries"] if each["action"].startswith("device.")]


def ask(house: Demo, path: str) -> Any:  # noqa: ANN401  (JSON)
    return httpx.get(f"{house.url}/api/v1/{path}", headers={"Authorization": f"Bearer {ADMIN}"}).raise_for_status().json()


def test_a_person_claims_a_dongle_that_came_and_shuts_it_out_again(chrome: Browser, house: Demo) -> None:
    they_come(house, NEW, OTHER)
    page = visit(chrome, house, ADMIN)
    told, ask_first = page.locator("[data-test=devices-feedback]"), page.locator("[data-test=shut-out]")
    assert page.locator("[data-test=claim-device] option").all_inner_texts() == [NEW, OTHER]
    page.select_option("[data-test=claim-device]", NEW)
    page.fill("[data-test=claim-title]", EVIL)
    page.click("[data-test=claim]")

    expect(told).to_have_text(f"{EVIL} is heard from now on.")
    assert standing(house) == {NEW: ("claimed", EVIL), OTHER: ("unclaimed", "")}
    expect(page.locator("[data-test=claim-device] option")).to_have_text([OTHER])
    assert page.evaluate("window.hacked === undefined")

    page.click("[data-test=shut-out-ask]")
    expect(ask_first).to_contain_text("its certificates are revoked")
    page.click("[data-test=shut-out-no]")
    assert standing(house)[NEW] == ("claimed", EVIL)
    page.click("[data-test=shut-out-ask]")
    page.keyboard.press("Escape")
    expect(ask_first).to_be_hidden()
    assert standing(house)[NEW] == ("claimed", EVIL)

    page.click("[data-test=shut-out-ask]")
    page.click("[data-test=shut-out-yes]")
    expect(told).to_have_text(f"{EVIL} is shut out.")
    assert standing(house)[NEW] == ("revoked", EVIL)
    expect(page.locator("[data-test=shut-out-ask]")).to_have_count(0)
    assert actions(house) == ["device.claimed", "device.revoked"]


def test_a_code_for_a_new_dongle_is_shown_once(chrome: Browser, visited: Demo) -> None:
    page = visit(chrome, visited, ADMIN)

    page.click("[data-test=code]")

    expect(page.locator("[data-test=devices-feedback]")).to_contain_text("lets one dongle in, once, until")
    assert actions(visited) == ["device.code"]


@pytest.mark.parametrize("wish", ["claim", "code"])
def test_who_may_only_look_is_told_so_and_changes_nothing(chrome: Browser, visited: Demo, wish: str) -> None:
    page = visit(chrome, visited, VIEWER)

    page.click(f"[data-test={wish}]")

    expect(page.locator("[data-test=devices-feedback]")).to_contain_text("viewer")
    assert {each for each, _ in standing(visited).values()} == {"unclaimed"}


def test_what_is_being_typed_outlives_the_next_round(chrome: Browser, visited: Demo) -> None:
    page = visit(chrome, visited, ADMIN)
    page.select_option("[data-test=claim-device]", OTHER)
    page.fill("[data-test=claim-title]", "Cellar")

    with page.expect_response("**/api/v1/devices"):
        page.evaluate("window.dispatchEvent(new Event('online'))")

    assert page.input_value("[data-test=claim-title]") == "Cellar"
    assert page.input_value("[data-test=claim-device]") == OTHER


def test_the_card_stays_inside_the_screen(chrome: Browser, house: Demo, tmp_path: Path) -> None:
    they_come(house, NEW, OTHER)
    headers = {"Authorization": f"Bearer {ADMIN}"}
    httpx.post(f"{house.url}/api/v1/devices/{OTHER}/claim", json={"title": "W" * 64}, headers=headers).raise_for_status()
    for (width, height), scheme in product((PHONE, DESKTOP), ("light", "dark")):
        page = visit(chrome, house, ADMIN, (width, height), scheme)
        page.click("[data-test=code]")
        expect(page.locator("[data-test=devices-feedback]")).to_contain_text("lets one dongle in")
        page.locator("[data-test=devices]").screenshot(path=tmp_path / f"card-{width}-{scheme}.png")
        page.click("[data-test=shut-out-ask]")
        page.screenshot(path=tmp_path / f"sure-{width}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        box = page.locator("[data-test=shut-out]").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= width - box["width"]
        page.context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_house_without_dongles_has_no_card_until_a_person_wants_one(
    chrome: Browser, empty: Demo, size: tuple[int, int], tmp_path: Path
) -> None:
    made = len(actions(empty))
    for scheme in ("light", "dark"):
        page = come_in(chrome, empty, ADMIN, size, scheme)
        card, link = page.locator("[data-test=devices]"), page.locator("[data-test=add-dongle]")
        expect(link).to_be_visible()
        expect(card).to_be_hidden()
        page.screenshot(path=tmp_path / f"none-{size[0]}-{scheme}.png", full_page=True)

        link.click()

        expect(page.locator("[data-test=devices-none]")).to_be_visible()
        expect(card).to_be_in_viewport()
        expect(page.locator("[data-test=code]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("[data-test=devices-feedback]")).to_contain_text("lets one dongle in, once, until")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.screenshot(path=tmp_path / f"add-{size[0]}-{scheme}.png")

        link.click()
        expect(card).to_be_hidden()
        page.context.close()
    assert actions(empty) == ["device.code"] * (made + 2)


def test_the_card_stays_open_until_the_dongle_comes_and_then_by_itself(chrome: Browser, house: Demo) -> None:
    page = come_in(chrome, house, ADMIN)
    card, link = page.locator("[data-test=devices]"), page.locator("[data-test=add-dongle]")
    link.click()

    with page.expect_response("**/api/v1/devices"):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(card).to_be_visible()
    they_come(house, NEW)
    page.wait_for_function(ASK_UNTIL_ONE_CAME, polling=1000)

    expect(page.locator("[data-test=claim-device] option")).to_have_text([NEW])
    expect(page.locator("[data-test=devices-none]")).to_be_hidden()
    expect(link).to_be_hidden()
    expect(card).to_be_visible()


def test_where_the_devices_are_not_known_nothing_is_said_of_them(chrome: Browser, empty: Demo) -> None:
    page = chrome.new_context().new_page()
    page.route("**/api/v1/devices", lambda route: route.fulfill(status=503, json={"code": "unavailable", "detail": "the database is away"}))
    page.goto(empty.url)
    page.fill("[data-test=token]", ADMIN)
    page.click("[data-test=token-save]")

    expect(page.locator("[data-test=trouble]")).to_contain_text("the database is away")
    expect(page.locator("[data-test=add-dongle]")).to_be_hidden()
    expect(page.locator("[data-test=devices]")).to_be_hidden()
