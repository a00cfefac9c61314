"""The built flow in a real Node-RED, between a real optimizer, a real Home Assistant with a simulated Fox inverter, and a browser."""

import json
import sqlite3
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.nodered.house import PATIENCE_S, Stack
from tests.stack import nodered
from tests.stack.home_assistant import until
from tests.stack.parts import require

pytestmark = pytest.mark.stack


def test_the_dashboard_asks_only_while_somebody_looks(stack: Stack, chrome: Browser) -> None:
    stack.wait_ticks()
    assert stack.board.plans == 0, "no browser has been here yet"

    page = chrome.new_page()
    page.goto(stack.flow.dashboard)
    until(lambda: stack.board.plans > 0, 10, "the page is filled")
    page.close()


def test_a_recommendation_reaches_the_inverter_and_is_confirmed(stack: Stack) -> None:
    stack.force("force_charge", 3.5)

    until(lambda: "confirmed" in [each["status"] for each in stack.outcomes("force_charge")], PATIENCE_S, "it is confirmed")

    assert stack.mode() == "Force Charge"
    assert float(stack.ha.state("number.fox_force_charge_power")) == 3.5
    told = stack.outcomes("force_charge")
    assert [each["status"] for each in told] == ["commanded", "confirmed"]
    assert told[1]["mode_read_back"] == "Force Charge"
    assert told[1]["battery_kw"] == 3.5
    assert told[1]["soc_pct"] == 50


def test_discharging_carries_power_and_current(stack: Stack) -> None:
    stack.force("force_discharge", 2.0)

    stack.wait_mode("Force Discharge")

    assert float(stack.ha.state("number.fox_force_discharge_power")) == 2.0
    assert float(stack.ha.state("number.fox_max_discharge_current")) == pytest.approx(39.1, abs=0.5)
    until(lambda: "confirmed" in [each["status"] for each in stack.outcomes("force_discharge")], PATIENCE_S, "it is confirmed")
    assert stack.outcomes("force_discharge")[-1]["battery_kw"] == -2.0


def test_readings_are_stored_once_with_their_units_and_signs(stack: Stack) -> None:
    stack.wait_ticks()
    with sqlite3.connect(f"file:{stack.optimizer.folder}/optimizer.db?mode=ro", uri=True) as database:
        (stored,) = database.execute("SELECT count(*) FROM readings WHERE device LIKE '%_home'").fetchone()
    database.close()

    assert stored == len(stack.board.readings)
    latest = {each["quantity"]: each for each in stack.api("GET", "readings/latest")["readings"]}
    assert latest["solar_kw"]["value"] == 2.4
    assert latest["soc_pct"]["device"] == "bat_home"
    assert latest["battery_voltage_v"]["value"] == 51.2


def test_nothing_is_written_twice(stack: Stack) -> None:
    stack.force("hold")
    stack.wait_mode("Back-up")
    changed = _changed(stack)

    stack.wait_ticks()

    assert _changed(stack) == changed


def test_a_change_by_hand_is_left_alone_until_taken_back(stack: Stack, page: Page) -> None:
    stack.force("self_use")
    stack.wait_mode("Self Use")
    stack.release()
    ours = _settled(stack)
    by_hand = "Force Discharge" if ours != "Force Discharge" else "Feed-in First"

    stack.set_mode(by_hand)
    expect(page.locator("[data-test=left-alone]")).to_contain_text(f"to {by_hand}")
    stack.wait_ticks(1)
    assert stack.mode() == by_hand

    page.locator("[data-test=take-back]").click()
    stack.wait_mode(ours)


def test_the_override_button_forces_a_mode_and_ends_it(stack: Stack, page: Page) -> None:
    page.locator("[data-test=mode-feed_in_first]").click()
    page.locator("[data-test=force]").click()

    until(lambda: [each["mode_code"] for each in stack.api("GET", "overrides")["overrides"]] == ["feed_in_first"], 15, "it is forced")
    stack.wait_mode("Feed-in First", 15)
    expect(page.locator("[data-test=mode]")).to_have_text("Feed-in first")

    page.locator("[data-test=release]").click()
    until(lambda: stack.api("GET", "overrides")["overrides"] == [], 15, "the override is gone")


def test_the_dashboard_shows_it_all(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.5)
    until(lambda: stack.ha.state("number.fox_force_charge_power") == "2.5", PATIENCE_S, "the power is written")

    expect(page.locator("[data-test=mode]")).to_have_text("Force charge")
    expect(page.locator("[data-test=status]")).to_have_text("confirmed")
    expect(page.locator("[data-test=inverter]")).to_have_text("Force Charge")
    expect(page.locator(".bo-reason")).to_contain_text("asked for it until")
    expect(page.locator(".bo-import")).to_contain_text("p/kWh")
    expect(page.locator("[data-test=next]")).to_contain_text("change")
    expect(page.locator("[data-test=solar]")).to_have_text("2.40 kW")
    expect(page.locator("[data-test=load]")).to_have_text("0.65 kW")
    expect(page.locator("[data-test=battery]")).to_have_text("2.50 kW")
    expect(page.locator("[data-test=grid]")).to_have_text("0.75 kW")
    expect(page.locator("[data-test=decisions] .confirmed").first).to_be_visible()
    expect(page.locator("[data-test='health-Home Assistant'] .ok")).to_be_visible()
    expect(page.locator("[data-test=savings]")).to_be_visible()
    assert page.locator(".nrdb-ui-chart canvas").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_log_of_all_this_has_no_error(stack: Stack) -> None:
    assert "[error]" not in stack.flow.log
    assert "missing" not in stack.flow.log.lower()


def test_a_dry_run_writes_nothing(stack: Stack, tmp_path: Path) -> None:
    stack.rest()
    power, before = stack.ha.state("number.fox_force_charge_power"), len(stack.outcomes("force_charge"))
    stack.tell(dry_run=True)
    with stack.other_flow(tmp_path / "nr"):
        stack.force("force_charge", 1.2)
        until(lambda: len(stack.outcomes("force_charge")) > before, PATIENCE_S, "the decision has an outcome")

        told = stack.outcomes("force_charge")[before]
        assert told["status"] == "overridden"
        assert 'select.select_option select.fox_work_mode {"option":"Force Charge"}' in told["detail"]
        assert stack.mode() == "Self Use"
        assert stack.ha.state("number.fox_force_charge_power") == power


@pytest.mark.parametrize("parts", [nodered.PARTS, nodered.PARTS_5], ids=["Node-RED 4", "Node-RED 5"])
def test_the_flow_imports_into_an_empty_node_red_and_controls(stack: Stack, tmp_path: Path, parts: Path) -> None:
    require(nodered.is_installed(parts), parts.name)
    empty = tmp_path / "empty.json"
    empty.write_text("[]")
    imported = json.loads((nodered.SOURCES / "flows-hybrid.json").read_text())
    stack.rest()
    with stack.other_flow(tmp_path / "nr", flows=empty, parts=parts) as other:
        flow = other.flow
        reply = httpx.post(f"{flow.url}flows", json=imported, headers={"Node-RED-Deployment-Type": "full"}, timeout=30, trust_env=False)
        assert reply.status_code == 204
        until(lambda: "Started modified nodes" in flow.log or flow.log.count("Started flows") > 1, 30, "the flow starts")
        nodes = httpx.get(f"{flow.url}nodes", headers={"Accept": "application/json"}, trust_env=False).json()
        known = {kind for each in nodes for kind in each["types"]}
        before = len(stack.outcomes("hold"))
        stack.force("hold")
        until(lambda: "confirmed" in [each["status"] for each in stack.outcomes("hold")[before:]], PATIENCE_S, "it is confirmed")
        assert stack.mode() == "Back-up"
        major = "5" if parts == nodered.PARTS_5 else "4"
        assert f"Node-RED version: v{major}." in flow.log

    missing = {each["type"] for each in imported} - known - {"tab", "subflow"}
    assert {each for each in missing if not each.startswith("subflow:")} == set()
    assert "Waiting for missing types" not in flow.log
    assert "[error]" not in flow.log


def _changed(stack: Stack) -> str:
    headers = {"Authorization": f"Bearer {stack.ha.token}"}
    return str(stack.ha.home.http.get("api/states/input_select.work_mode", headers=headers).json()["last_updated"])


def _settled(stack: Stack) -> str:
    """Return the mode of the plan once it has been written for longer than a change may count as the inverter's own."""
    stack.wait_ticks()
    return stack.mode()
