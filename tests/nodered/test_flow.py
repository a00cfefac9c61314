"""The built flow in a real Node-RED, between a real optimizer, a real Home Assistant with a simulated Fox inverter, and a browser."""

import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from app.services.home_assistant import HomeAssistant
from tests.nodered.switchboard import Switchboard, switchboard
from tests.page.demo import Demo, browser, chromium
from tests.stack import install_home_assistant, nodered
from tests.stack.home_assistant import FOX, RunningHomeAssistant, free_port, home_assistant, until
from tests.stack.nodered import RunningNodeRed, node_red
from tests.stack.parts import require

pytestmark = pytest.mark.stack

MODE = "select.fox_work_mode"
TICK_S, LEASE_S, HAND_S = 4.0, 14.0, 90.0
"""Accelerated: five minutes, thirty-five and sixty at home."""
PATIENCE_S = 60.0
expect.set_options(timeout=30_000)
HOUSE = {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_SOLAR__PEAK_KW": "4", "OPTIMIZER_BATTERY__RESERVE_PCT": "10"}
RHYTHM = {
    "BATTERY_TICK_MINUTES": str(TICK_S / 60),
    "BATTERY_LEASE_MINUTES": str(LEASE_S / 60),
    "BATTERY_HAND_MINUTES": str(HAND_S / 60),
    "BATTERY_WRITE_BUDGET": "500",
}


@dataclass
class Stack:
    """A house with everything in it."""

    optimizer: Demo
    board: Switchboard
    ha: RunningHomeAssistant
    flow: RunningNodeRed

    def mode(self) -> str:
        return self.ha.state(MODE)

    def set_mode(self, option: str) -> None:
        self.ha.home.call_service("select", "select_option", {"entity_id": MODE, "option": option})

    def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        reply = httpx.request(method, f"{self.optimizer.url}/api/v1/{path}", json=body, timeout=30, trust_env=False)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def force(self, mode: str, power_kw: float | None = None) -> None:
        self.release()
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        body = {"mode": mode, "until": (now + timedelta(hours=2)).isoformat()} | ({"power_kw": power_kw} if power_kw else {})
        self.api("PUT", f"overrides/{now:%Y-%m-%dT%H:%M:%SZ}", body)

    def release(self) -> None:
        for each in self.api("GET", "overrides")["overrides"]:
            self.api("DELETE", f"overrides/{each['start']}")

    def outcomes(self, mode_code: str) -> list[dict[str, Any]]:
        """Return what became of a mode a test forced."""
        told = self.api("GET", "decisions")["decisions"]
        forced = [each for each in told if each["plan_source"] == "override" and each["mode_code"] == mode_code]
        return [outcome for each in forced for outcome in each["outcomes"]]

    def wait_mode(self, option: str, limit_s: float = PATIENCE_S) -> None:
        until(lambda: self.mode() == option, limit_s, f"the inverter reads {option} (it reads {self.mode()})")

    def notices(self) -> str:
        """Return what Home Assistant shows its people."""
        with connect(f"{self.ha.url.replace('http', 'ws', 1)}api/websocket") as socket:
            socket.recv()
            socket.send(json.dumps({"type": "auth", "access_token": self.ha.token}))
            socket.recv()
            socket.send(json.dumps({"id": 1, "type": "persistent_notification/get"}))
            return str(socket.recv())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    _need_all()
    folder = tmp_path_factory.mktemp("flow")
    with ExitStack() as open_:
        yield _running(folder, open_, RHYTHM)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    require(chromium() is not None, "Chromium")
    with browser() as running:
        yield running


@pytest.fixture
def page(stack: Stack, chrome: Browser) -> Iterator[Page]:
    context = chrome.new_context(viewport={"width": 1280, "height": 1000})
    opened, errors = context.new_page(), []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(stack.flow.dashboard)
    expect(opened.locator("[data-test=mode]")).to_be_visible()
    yield opened
    context.close()
    assert errors == []


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest) -> None:
    """Every test starts from a house that works."""
    if "stack" not in request.fixturenames:
        return
    stack: Stack = request.getfixturevalue("stack")
    stack.board.changed = {}
    stack.ha.set_online(online=True)
    stack.release()


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
    posts = stack.board.posts
    until(lambda: stack.board.posts >= posts + 2, PATIENCE_S, "two more ticks pushed readings")
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
    posts = stack.board.posts

    until(lambda: stack.board.posts >= posts + 2, PATIENCE_S, "two more ticks")

    assert _changed(stack) == changed


def test_without_the_optimizer_the_inverter_returns_to_self_use(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")

    stack.optimizer.stop()
    try:
        stack.wait_mode("Self Use", LEASE_S + 2 * TICK_S + 6)
        expect(page.locator("[data-test=problem]")).to_contain_text("does not answer")
        expect(page.locator("[data-test='health-optimizer'] .failed")).to_be_visible()
    finally:
        stack.optimizer.start()

    stack.wait_mode("Force Charge")
    expect(page.locator("[data-test=problem]")).to_have_count(0)


def test_an_unknown_mode_is_answered_by_self_use_and_shown(stack: Stack, page: Page) -> None:
    stack.force("force_charge", 2.0)
    stack.wait_mode("Force Charge")

    stack.board.changed = {"mode_code": "turbo", "mode": "Turbo"}
    stack.wait_mode("Self Use")

    expect(page.locator("[data-test=problem]")).to_contain_text('unknown mode "turbo"')
    until(lambda: "unknown mode" in stack.notices(), 15, "Home Assistant shows it")
    stack.board.changed = {}
    until(lambda: "battery_optimizer" not in stack.notices(), PATIENCE_S, "the notification is gone with its cause")


def test_an_inverter_that_is_offline_is_reported_not_believed(stack: Stack, page: Page) -> None:
    stack.force("self_use")
    stack.wait_mode("Self Use")
    stack.ha.set_online(online=False)
    stack.force("feed_in_first")

    until(lambda: "failed" in [each["status"] for each in stack.outcomes("feed_in_first")], PATIENCE_S, "it is reported failed")

    assert "unavailable" in stack.outcomes("feed_in_first")[0]["detail"]
    assert "confirmed" not in [each["status"] for each in stack.outcomes("feed_in_first")]
    expect(page.locator("[data-test=problem]")).to_contain_text("did not obey")
    stack.ha.set_online(online=True)
    stack.wait_mode("Feed-in First")


def test_an_inverter_that_reverts_is_reported_and_left_in_self_use(stack: Stack) -> None:
    stack.force("self_use")
    stack.wait_mode("Self Use")
    before = len(stack.outcomes("force_discharge"))
    with _reverting(stack, "Force Discharge"):
        stack.force("force_discharge", 1.0)
        until(
            lambda: "failed" in [each["status"] for each in stack.outcomes("force_discharge")[before:]], PATIENCE_S, "it is reported failed"
        )

    assert "not Force Discharge" in stack.outcomes("force_discharge")[-1]["detail"]
    stack.wait_mode("Force Discharge")


def test_a_change_by_hand_is_left_alone_until_taken_back(stack: Stack, page: Page) -> None:
    stack.force("self_use")
    stack.wait_mode("Self Use")
    stack.release()
    ours = _settled(stack)
    by_hand = "Force Discharge" if ours != "Force Discharge" else "Feed-in First"

    stack.set_mode(by_hand)
    expect(page.locator("[data-test=left-alone]")).to_contain_text(f"to {by_hand}")
    posts = stack.board.posts
    until(lambda: stack.board.posts >= posts + 2, PATIENCE_S, "two more ticks")
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


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    _need_all()
    with ExitStack() as open_:
        stack = _running(tmp_path, open_, RHYTHM | {"BATTERY_DRY_RUN": "true"})
        stack.force("force_charge", 2.0)
        until(lambda: len(stack.outcomes("force_charge")) > 0, PATIENCE_S, "the decision has an outcome")

        assert stack.outcomes("force_charge")[0]["status"] == "overridden"
        assert 'select.select_option select.fox_work_mode {"option":"Force Charge"}' in stack.outcomes("force_charge")[0]["detail"]
        assert stack.mode() == "Self Use"
        assert float(stack.ha.state("number.fox_force_charge_power")) == 3


def test_home_assistant_may_restart_and_node_red_too(tmp_path: Path) -> None:
    _need_all()
    port = free_port()
    with ExitStack() as open_, ExitStack() as first:
        optimizer = _optimizer(tmp_path, open_)
        board = open_.enter_context(switchboard(optimizer.url))
        ha = first.enter_context(home_assistant(tmp_path / "ha", port=port))
        with _flow(tmp_path, board, ha, RHYTHM) as flow:
            stack = Stack(optimizer, board, ha, flow)
            stack.force("force_charge", 2.0)
            stack.wait_mode("Force Charge")
            auth = (tmp_path / "ha" / ".storage" / "auth").read_text()
            first.close()
            with _home_assistant_again(tmp_path / "ha", port, auth, ha) as stack.ha:
                until(lambda: "was away for" in _details(stack, "force_charge"), 60, "it is told that Home Assistant was away")
                stack.wait_mode("Force Charge")
                writes = _state(flow)["writes"]["count"]
                assert writes >= 3
                flow.process.terminate()
                flow.process.wait(20)
                with _flow(tmp_path, board, ha, RHYTHM) as again:
                    posts = board.posts
                    until(lambda: board.posts > posts, PATIENCE_S, "the flow ticks again")
                    assert _state(again)["writes"]["count"] >= writes


def test_the_flow_imports_into_an_empty_node_red(tmp_path: Path) -> None:
    require(nodered.is_installed(), "Node-RED")
    empty = tmp_path / "empty.json"
    empty.write_text("[]")
    nowhere = "http://127.0.0.1:9"
    with node_red(tmp_path / "nr", optimizer=nowhere, home_assistant=nowhere, token="", flows=empty) as flow:
        imported = json.loads((nodered.SOURCES / "flows-hybrid.json").read_text())
        reply = httpx.post(f"{flow.url}flows", json=imported, headers={"Node-RED-Deployment-Type": "full"}, timeout=30, trust_env=False)
        assert reply.status_code == 204
        until(lambda: "Started modified nodes" in flow.log or flow.log.count("Started flows") > 1, 30, "the flow starts")
        nodes = httpx.get(f"{flow.url}nodes", headers={"Accept": "application/json"}, trust_env=False).json()
        known = {kind for each in nodes for kind in each["types"]}

    missing = {each["type"] for each in imported} - known - {"tab", "subflow"}
    assert {each for each in missing if not each.startswith("subflow:")} == set()
    assert "Waiting for missing types" not in flow.log


def _need_all() -> None:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")


def _optimizer(folder: Path, open_: ExitStack) -> Demo:
    optimizer = Demo(folder, HOUSE | {"OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/optimizer.db"})
    optimizer.start()
    open_.callback(optimizer.stop)
    return optimizer


def _running(folder: Path, open_: ExitStack, settings: dict[str, str]) -> Stack:
    optimizer = _optimizer(folder, open_)
    board = open_.enter_context(switchboard(optimizer.url))
    ha = open_.enter_context(home_assistant(folder / "ha"))
    flow = open_.enter_context(_flow(folder, board, ha, settings))
    return Stack(optimizer, board, ha, flow)


def _flow(folder: Path, board: Switchboard, ha: RunningHomeAssistant, settings: dict[str, str]) -> AbstractContextManager[RunningNodeRed]:
    return node_red(folder / "nr", optimizer=board.url, home_assistant=ha.url.rstrip("/"), token=ha.token, settings=settings)


def _changed(stack: Stack) -> str:
    headers = {"Authorization": f"Bearer {stack.ha.token}"}
    return str(stack.ha.home.http.get("api/states/input_select.work_mode", headers=headers).json()["last_updated"])


def _settled(stack: Stack) -> str:
    """Return the mode of the plan once it has been written for longer than a change may count as the inverter's own."""
    posts = stack.board.posts
    until(lambda: stack.board.posts >= posts + 2, PATIENCE_S, "two ticks")
    return stack.mode()


def _state(flow: RunningNodeRed) -> dict[str, Any]:
    kept = json.loads((flow.folder / "context" / "global" / "global.json").read_text())
    state: dict[str, Any] = kept["battery"]
    return state


def _details(stack: Stack, mode_code: str) -> str:
    return " ".join(each["detail"] or "" for each in stack.outcomes(mode_code))


@contextmanager
def _reverting(stack: Stack, option: str) -> Iterator[None]:
    """An inverter that goes back to self-use by itself."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            if stack.mode() == option:
                stack.set_mode("Self Use")

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _home_assistant_again(folder: Path, port: int, auth: str, before: RunningHomeAssistant) -> Iterator[RunningHomeAssistant]:
    """Start Home Assistant again where it was, with the token it knew."""
    (folder / ".storage" / "auth").write_text(auth)
    command = [str(install_home_assistant.HASS), "--config", str(folder), "--skip-pip"]
    with before.log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"HA_PORT": str(port)})
    with httpx.Client(base_url=before.url, trust_env=False) as http:
        try:
            yield replace(before, home=HomeAssistant(http=http, token=before.token, entities=FOX))
        finally:
            process.terminate()
            process.wait(30)
