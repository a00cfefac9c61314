"""What the page says where nobody does what is decided, and how its numbers stand on a phone."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.page.demo import Demo
from tests.page.visit import PHONE, visit

pytestmark = pytest.mark.stack


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    running.start()
    yield running
    running.stop()


def test_a_dry_run_is_only_wanted(chrome: Browser, demo: Demo) -> None:
    httpx.put(f"{demo.url}/api/v1/settings/control", json={"dry_run": True}, timeout=30).raise_for_status()

    page = visit(chrome, demo).page

    expect(page.locator("[data-test=until]")).to_contain_text("Wanted, until")
    expect(page.locator("[data-test=notice]")).to_contain_text("Dry run")
    expect(page.locator("[data-test=health]")).to_contain_text("nothing is carried out")


def test_what_is_carried_out_is_now_and_buying_stands_beside_selling(chrome: Browser, demo: Demo) -> None:
    page = visit(chrome, demo, PHONE).page

    expect(page.locator("[data-test=until]")).to_contain_text("Now, until")
    expect(page.locator("[data-test=notice]")).to_be_hidden()
    buy, sell = (page.locator(f"[data-test={name}]").bounding_box() for name in ("buy", "sell"))
    assert buy is not None
    assert sell is not None
    assert buy["y"] == sell["y"]
