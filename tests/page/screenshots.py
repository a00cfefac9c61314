"""Pictures of the page: `python -m tests.page.screenshots FOLDER` saves desktop and phone, light and dark."""

import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser

from tests.page.demo import Demo, browser
from tests.page.past import give_a_past

SIZES = {"desktop": (1280, 900), "phone": (360, 780)}
SCHEMES = ("light", "dark")
SETTLE_MS = 1200


def take(url: str, folder: Path) -> None:
    """Save one picture per size and scheme, and one with a slot's numbers shown."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as found:
        for (size, wide), scheme in product(SIZES.items(), SCHEMES):
            _take_one(found, url, folder / f"{size}-{scheme}", viewport=wide, scheme=scheme)


def _take_one(found: Browser, url: str, name: Path, *, viewport: tuple[int, int], scheme: str) -> None:
    page = found.new_page(viewport={"width": viewport[0], "height": viewport[1]}, color_scheme="dark" if scheme == "dark" else "light")
    page.goto(url)
    page.wait_for_selector("[data-test=power-chart] .main-svg")
    page.click("input[value=month] + span")
    page.click("[data-test=table-fold] summary")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=f"{name}.png", full_page=True)
    page.locator("[data-test=price-chart]").scroll_into_view_if_needed()
    page.locator("[data-test=price-chart]").hover(position={"x": viewport[0] * 0.42, "y": 60})
    page.wait_for_timeout(SETTLE_MS // 4)
    page.screenshot(path=f"{name}-hover.png")
    page.close()


def main() -> None:
    """Start a demo and take its pictures."""
    demo = Demo(Path(tempfile.mkdtemp(prefix="page-")))
    demo.start()
    try:
        give_a_past(demo)
        take(demo.url, Path(sys.argv[1]))
    finally:
        demo.stop()


if __name__ == "__main__":
    main()
