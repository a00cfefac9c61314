"""The page of a house that was measured for days, in a real browser: what was saved, and what was measured behind the plan."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.page.demo import Demo
from tests.page.past import give_a_past
from tests.page.visit import PHONE, money, visit

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def lived(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose battery was measured for days."""
    assert chrome.is_connected()
    running = Demo(tmp_path_factory.mktemp("lived"))
    running.start()
    give_a_past(running)
    yield running
    running.stop()


@pytest.mark.parametrize("period", ["day", "month", "year"])
def test_shows_the_savings_the_api_gives(chrome: Browser, lived: Demo, period: str) -> None:
    seen = visit(chrome, lived)
    seen.page.click(f"input[value={period}] + span")
    told = httpx.get(f"{lived.url}/api/v1/savings", params={"period": period}).json()
    expect(seen.page.locator("[data-test=savings-line]")).to_contain_text(
        {"day": "today", "month": "this month", "year": "this year"}[period]
    )
    if not told["count"]["settled_hours"]:  # just after midnight
        return

    assert f"paid {money(told['actual']['cost'])} in cash" in seen.text("savings-line")
    assert f"used {money(told['actual']['wear'])} of the battery" in seen.text("savings-line")
    assert [each["case"] for each in told["baselines"]] == ["no_battery", "self_use", "rules"]
    for each in told["baselines"]:
        tile = seen.text(f"saved-{each['case']}")
        assert f"{money(abs(each['saved']))} {'saved' if each['saved'] >= 0 else 'lost'}" in tile
        assert f"{'+' if each['saved_cash'] > 0 else ''}{money(each['saved_cash'])}, wear" in tile
        assert each["rule"][1:] in tile
    for name in ("self_consumption", "self_sufficiency"):
        share = told["kpis"][name]
        whole = "\u2013" if share is None else f"{'\u2212' if round(100 * share) < 0 else ''}{abs(100 * share):.0f} %"
        assert whole in seen.text(f"kpi-{name}").splitlines(), name
    seen.page.click("text=Cash, wear and charge of each case")
    for each in (told["actual"], *told["baselines"]):
        cells = seen.page.locator(f"tr[data-case={each['case']}] td").all_inner_texts()
        assert cells == [money(each[name]) for name in ("cost", "wear", "stored_change_value", "net_cost")]
    assert "since the ledger began" in seen.text("savings-count")
    parts = [each for each in told["parts"] if each["counted_hours"] > 0]
    rows = seen.page.locator("[data-test=savings-parts] tbody tr")
    assert rows.count() == len(parts)
    assert seen.complaints == []


def test_the_period_is_chosen_with_the_keyboard(chrome: Browser, lived: Demo) -> None:
    seen = visit(chrome, lived, PHONE)
    seen.page.locator("input[value=day]").focus()
    seen.page.keyboard.press("ArrowRight")

    expect(seen.page.locator("[data-test=savings-line]")).to_contain_text("this month")
    for each in seen.page.locator("[data-test=savings] summary").all():
        each.click()
    assert seen.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_was_measured_stands_behind_the_plan(chrome: Browser, lived: Demo) -> None:
    seen = visit(chrome, lived)
    start = datetime.now(UTC) - timedelta(hours=2)
    row = next(each for each in _half_hours(lived) if datetime.fromisoformat(each["start"]) > start)
    chart = seen.page.locator("[data-test=power-chart]")
    chart.focus()
    seen.page.keyboard.press("ArrowLeft")  # the running slot
    for _ in range(6):
        seen.page.keyboard.press("ArrowLeft")
        if seen.text("tip").startswith(f"{datetime.fromisoformat(row['start']):%a %H:%M}"):
            break

    assert row["source"] == "actual"
    assert f"{row['energies']['load_kwh'] / row['hours']:.2f} kW" in seen.text("tip")


def _half_hours(demo: Demo) -> list[dict[str, Any]]:
    days = [f"{datetime.now(UTC) - timedelta(days=back):%Y-%m-%d}" for back in (1, 0)]
    return [row for day in days for row in httpx.get(f"{demo.url}/api/v1/dashboard", params={"day": day}).json()["rows"]]
