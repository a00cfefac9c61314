"""An open page of the service, and how it writes numbers."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from tests.page.demo import Demo

PHONE, DESKTOP = (360, 780), (1280, 900)
UNREACHABLE = "Failed to load resource"
"""Chromium's own note about a service that is away or refuses; no script can keep it quiet."""


@dataclass  # no slots: playwright marks the handlers' object
class Visit:
    """An open page and everything it did."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", self._listen)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _listen(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if response.ok and path.startswith(("/api/", "/health")) and response.request.method == "GET":
            self.heard[f"{path}?{'quantity' in response.url:d}"] = response

    def answer(self, path: str) -> Any:  # noqa: ANN401  (JSON)
        """Return what the API last told the page."""
        return self.heard[f"{path}?0"].json()

    def text(self, name: str) -> str:
        """Return what stands in a marked place."""
        return self.page.locator(f"[data-test={name}]").first.inner_text()


def visit(chrome: Browser, demo: Demo, size: tuple[int, int] = DESKTOP, *, wait: bool = True) -> Visit:
    """Open the page and, mostly, wait until it is drawn."""
    page = chrome.new_context(viewport={"width": size[0], "height": size[1]}, timezone_id="America/New_York").new_page()
    found = Visit(page)
    page.goto(demo.url)
    if wait:
        expect(page.locator("[data-test=power-chart] .main-svg").first).to_be_visible(timeout=60_000)
    return found


def pence(per_kwh: float) -> str:
    """Return a price as the page writes it."""
    return f"{abs(100 * per_kwh):.1f}" if per_kwh >= 0 else f"\u2212{abs(100 * per_kwh):.1f}"


def money(amount: float) -> str:
    """Return a sum as the page writes it."""
    return f"{pence(amount)}p" if abs(amount) < 0.9995 else f"{'\u2212' if amount < 0 else ''}£{abs(amount):.2f}"
