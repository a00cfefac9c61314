"""The page in a real browser, before the real service."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect

from app.api.forecast_quality import ForecastQualityOut, ScoreOut
from app.api.models import ExplanationOut
from app.domain.decision import Limit
from app.domain.forecast import ForecastKind
from tests.page.demo import Demo
from tests.page.visit import DESKTOP, PHONE, UNREACHABLE, pence, visit

pytestmark = pytest.mark.stack

LIMITS = {
    "none": "No limit holds the battery back.",
    "charge_power": "It charges as fast as it can.",
    "discharge_power": "It discharges as fast as it can.",
    "battery_full": "The battery will be full.",
    "reserve": "The battery is down to its reserve.",
    "import_limit": "The house takes all the grid connection gives.",
    "export_limit": "The house sells all the grid connection takes.",
}
EVIL = "<img src=x onerror='window.hacked=1'><script>window.hacked=2</script>"


@pytest.fixture(scope="module")
def demo(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    assert chrome.is_connected()
    running = Demo(tmp_path_factory.mktemp("demo"))
    running.start()
    yield running
    running.stop()


def test_shows_the_numbers_the_api_gives(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    told, latest = seen.answer("/api/v1/recommendation/now"), seen.answer("/api/v1/readings/latest")
    measured = {each["quantity"]: each["value"] for each in latest["readings"]}

    assert seen.text("mode") == told["mode"]
    assert seen.text("reason") == told["reason"]
    assert seen.text("until") == f"Now, until {told['slot_end'][11:16]}"  # London's winter is UTC
    assert seen.text("soc") == f"{measured['soc_pct']:.0f}%"
    for name, number in {
        "buy": pence(told["price"]["import_per_kwh"]),
        "sell": pence(told["price"]["export_per_kwh"]),
        "value": pence(told["stored_kwh_value"]),
        "load_kw": f"{measured['load_kw']:.2f}",
        "grid_kw": f"{abs(measured['grid_kw']):.2f}",
    }.items():
        assert number in seen.text(name).split(), name
    assert told["price"]["class"] in seen.text("buy")
    assert seen.page.locator("[data-test=alternatives] li").count() == len(told["alternatives"])
    for each in seen.answer("/health")["components"]:
        assert each["name"] in seen.text("health").lower()
    assert "confirmed" in seen.text("decisions")


def test_explains_the_decision_with_the_numbers_behind_it(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    explanation = seen.answer("/api/v1/recommendation/now")["explanation"]

    assert seen.text("tipping") == f"{explanation['words']}."
    assert pence(explanation["charge_below_per_kwh"]) in seen.text("tipping")
    assert seen.text("limit") == LIMITS[explanation["binding_limit"]]
    changed = seen.page.locator("[data-test=changed]")
    if explanation["changed"] is None:
        expect(changed).to_be_hidden()
    else:
        expect(changed).to_be_visible()


def test_says_what_limits_the_battery_and_what_changed(chrome: Browser, demo: Demo) -> None:
    told = ExplanationOut(
        words=EVIL,
        binding_limit=Limit.RESERVE,
        charge_below_per_kwh=0.1,
        export_above_per_kwh=0.2,
        changed="hold until 12:30 UTC; price 9p → 12p",
    )
    page = chrome.new_page()
    page.route(
        "**/recommendation/now*", lambda route: route.fulfill(json=route.fetch().json() | {"explanation": told.model_dump(mode="json")})
    )
    page.goto(demo.url)

    expect(page.locator("[data-test=tipping]")).to_have_text(f"{EVIL}.")
    expect(page.locator("[data-test=limit]")).to_have_text(LIMITS["reserve"])
    expect(page.locator("[data-test=changed]")).to_have_text("Before: hold until 12:30; price 9p → 12p.")


def test_without_a_measured_past_says_when_the_first_savings_come(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    at = httpx.get(f"{demo.url}/api/v1/readings", params={"quantity": "soc_pct"}).json()["samples"]
    first = datetime.fromisoformat(next(each["at"] for each in at))
    due = first + timedelta(seconds=-first.timestamp() % 1800) + timedelta(minutes=35)

    assert seen.answer("/api/v1/savings")["count"]["passed_hours"] == 0
    assert f"The first numbers come at about {due:%H:%M}" in seen.text("savings-line")
    expect(seen.page.locator("[data-test=savings-body]")).to_be_hidden()
    assert "Nothing to compare yet" in seen.text("quality-line")


def test_tells_the_forecasts_errors_in_words(chrome: Browser, demo: Demo) -> None:
    load = ScoreOut(
        kind=ForecastKind.LOAD,
        source="history",
        from_hours=0,
        to_hours=6,
        count=120,
        mae_kw=0.123,
        nmae=0.2,
        bias_kw=-0.05,
        skill=0.12,
        coverage=0.79,
    )
    sun = load.model_copy(update={"kind": ForecastKind.SOLAR, "skill": None, "from_hours": 6, "to_hours": 24})
    page = chrome.new_page()
    page.route(
        "**/forecast-quality*", lambda route: route.fulfill(json=ForecastQualityOut(days=7, scores=[load, sun]).model_dump(mode="json"))
    )
    page.goto(demo.url)

    expect(page.locator("[data-test=quality-load]")).to_contain_text("up to 6 hours ahead")
    expect(page.locator("[data-test=quality-load]")).to_contain_text("off by 0.12 kW, 20 % of the mean, 0.05 kW too low")
    expect(page.locator("[data-test=quality-load]")).to_contain_text(
        "12 % less wrong than repeating last week. 79 % lay inside its 80 % intervals. 120"
    )
    expect(page.locator("[data-test=quality-solar]")).to_contain_text("No last week to compare with yet.")


def test_lists_the_plan_slot_by_slot(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    seen.page.click("[data-test=table-fold] summary")
    steps = seen.answer("/api/v1/plan")["steps"]
    rows = seen.page.locator("#plan-rows tr[data-start]").all_inner_texts()

    assert len(rows) == len(steps)
    for row, step in zip(rows, steps, strict=True):
        cells = row.split("\t")
        near = "~" if step["provenance"] == "estimated" else ""
        assert [cells[0], cells[1], cells[2]] == [
            step["start"][11:16],
            near + pence(step["import_per_kwh"]),
            near + pence(step["export_per_kwh"]),
        ]
        assert cells[4:6] == [f"{step['solar_kw']:.2f}", f"{step['load_kw']:.2f}"]
        assert float(cells[8]) == pytest.approx(step["soc_pct"], abs=0.5)
    assert any("~" in row for row in rows)


def test_a_slot_under_the_pointer_or_the_arrow_keys_shows_its_numbers(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    chart = seen.page.locator("[data-test=price-chart]")
    chart.hover(position={"x": 700, "y": 60})
    for word in ("buy", "sell", "sun", "load", "battery", "grid", "SoC after", "p/kWh", "kW"):
        assert word in seen.text("tip")
    before = seen.text("tip")
    chart.focus()
    seen.page.keyboard.press("ArrowRight")
    assert seen.text("tip") != before
    assert "buying" in (chart.get_attribute("aria-valuetext") or "")
    seen.page.keyboard.press("Escape")
    expect(seen.page.locator("[data-test=tip]")).to_be_hidden()


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_stays_on_its_origin_inside_the_screen_and_quiet(chrome: Browser, demo: Demo, size: tuple[int, int]) -> None:
    seen = visit(chrome, demo, size)
    seen.page.click("[data-test=table-fold] summary")
    seen.page.click("input[value='12'] + span")
    seen.page.locator("[data-test=soc-chart]").hover(position={"x": 200, "y": 60})

    assert seen.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert [url for url in seen.asked if not url.startswith((demo.url, "data:"))] == []
    assert seen.complaints == []
    expect(seen.page.locator("[data-test=simulated]")).to_be_visible()
    expect(seen.page.locator("[data-test=trouble]")).to_be_hidden()


def test_a_page_may_load_only_from_its_own_origin(demo: Demo) -> None:
    policy = httpx.get(demo.url).headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "unsafe-eval" not in policy


def test_what_was_measured_is_thinned_to_one_value_in_five_minutes(demo: Demo) -> None:
    start = datetime(2026, 1, 15, 12, tzinfo=UTC)
    made = [
        {"device": "dongle", "quantity": "soc_pct", "at": (start + timedelta(seconds=10 * i)).isoformat(), "value": i} for i in range(90)
    ]
    httpx.post(f"{demo.url}/api/v1/readings", json={"readings": made}).raise_for_status()
    asked = {"quantity": "soc_pct", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    samples = httpx.get(f"{demo.url}/api/v1/readings", params=asked).json()["samples"]

    assert [each["value"] for each in samples] == [29, 59, 89]


def test_a_person_forces_a_mode_and_gives_it_back(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    seen.page.select_option("[data-test=override-mode]", "force_discharge")
    seen.page.click("#quick button >> nth=2")
    seen.page.click("[data-test=override-set]")
    expect(seen.page.locator("[data-test=override-feedback]")).to_contain_text("Force discharge is forced until")
    expect(seen.page.locator("[data-test=mode]")).to_have_text("Force Discharge")
    expect(seen.page.locator("[data-test=cause]")).to_contain_text("a person's override")
    stored = httpx.get(f"{demo.url}/api/v1/overrides").json()["overrides"]
    assert [each["mode_code"] for each in stored] == ["force_discharge"]
    ahead = datetime.fromisoformat(stored[0]["until"]) - datetime.now(UTC)
    assert timedelta(minutes=115) < ahead < timedelta(minutes=122)

    seen.page.click("[data-test=release]")
    expect(seen.page.locator("[data-test=override-feedback]")).to_contain_text("the plan decides again")
    expect(seen.page.locator("[data-test=cause]")).to_be_hidden()
    assert httpx.get(f"{demo.url}/api/v1/overrides").json()["overrides"] == []
    assert seen.complaints == []


def test_a_time_that_is_over_is_refused_in_words(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    seen.page.fill("[data-test=override-until]", "2020-01-01T00:00")
    seen.page.click("[data-test=override-set]")
    expect(seen.page.locator("[data-test=override-feedback]")).to_contain_text("that time is over")


def test_what_people_write_stays_text(chrome: Browser, demo: Demo) -> None:
    at, until = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    url = f"{demo.url}/api/v1/overrides/{at:%Y-%m-%dT%H:%M:%SZ}"
    httpx.put(url, json={"mode": "hold", "until": until.isoformat(), "note": EVIL}).raise_for_status()
    seen = visit(chrome, demo)

    assert seen.text("note") == EVIL
    assert EVIL in seen.text("reason")
    assert seen.page.evaluate("window.hacked === undefined && !document.querySelector('main img, main script')")
    seen.page.click("[data-test=release]")
    expect(seen.page.locator("[data-test=note]")).to_have_count(0)
    assert seen.complaints == []


def test_says_that_the_service_is_away_and_recovers_by_itself(chrome: Browser, demo: Demo) -> None:
    seen = visit(chrome, demo)
    mode = seen.text("mode")
    demo.stop()
    seen.page.evaluate("window.dispatchEvent(new Event('online'))")  # ask now, not in half a minute
    expect(seen.page.locator("[data-test=lost]")).to_contain_text("Connection lost")
    assert seen.text("mode") == mode
    assert "old" in seen.text("freshness")

    demo.start()
    expect(seen.page.locator("[data-test=lost]")).to_be_hidden(timeout=60_000)
    assert [each for each in seen.complaints if UNREACHABLE not in each] == []
