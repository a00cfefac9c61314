"""A whole accelerated day on real parts, through the night of a clock change, and faults of its servers while the flow runs.

MariaDB, Mosquitto, Home Assistant with a simulated Fox inverter, Node-RED with the built flow, the optimizer on a served Octopus
tariff. Only the optimizer's clock is moved, half-hour by half-hour; the others live on the wall clock.
"""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.config import load as load_settings
from app.control.command import LABELS
from app.domain.decision import Command, Decision, OutcomeStatus
from app.domain.house import run_slot
from app.domain.ledger import Case
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from app.ledger.balance import tolerance_kwh
from app.ledger.savings import total
from tests.page.demo import browser, chromium
from tests.served_octopus import ServedOctopus, default_data, load, serving
from tests.stack import install_home_assistant, mosquitto, nodered
from tests.stack.day import MovedClock, MovedOptimizer, moved_optimizer
from tests.stack.home_assistant import RunningHomeAssistant, home_assistant, until
from tests.stack.mariadb import MariaDb
from tests.stack.mosquitto import Mosquitto
from tests.stack.nodered import RunningNodeRed, node_red
from tests.stack.parts import require
from tests.stack.real_input import settings

pytestmark = pytest.mark.stack

DATABASE = "day"
MODE = "select.fox_work_mode"
OPTIONS = {option: Mode(mode) for mode, option in LABELS["fox_ess"].items()}
FIRST = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""The clocks of London go back at 01:00 UTC of the night that follows."""
HALF_HOUR = timedelta(minutes=30)
SLOTS = [Slot(FIRST + n * HALF_HOUR, FIRST + (n + 1) * HALF_HOUR) for n in range(48)]
DECIDE, MEASURE, AGAIN = timedelta(seconds=2), timedelta(minutes=1), timedelta(minutes=15, seconds=1)
"""When the flow ticks in a slot: to decide; if that changed, to measure what it does; once more before a reading gets too old to hold."""
PATIENCE_S = 40.0
TICK_S, LEASE_S = 4.0, 14.0
SLOW = {
    "BATTERY_TICK_MINUTES": "100000",
    "BATTERY_DASHBOARD_SECONDS": "6000000",
    "BATTERY_PRICES_MINUTES": "100000",
    "BATTERY_SETTLE_SECONDS": "0.2",
}
"""The test presses; nothing else asks while it moves the clock, not even where a rhythm's turn comes, every some months."""
RHYTHM = {"BATTERY_TICK_MINUTES": str(TICK_S / 60), "BATTERY_LEASE_MINUTES": str(LEASE_S / 60)}
START_SOC_PCT = 35.0


@dataclass
class House:
    """Everything but the flow."""

    optimizer: MovedOptimizer
    octopus: ServedOctopus
    ha: RunningHomeAssistant
    database: MariaDb
    broker: Mosquitto
    folder: Path
    stored_kwh: float = START_SOC_PCT / 10
    does: tuple[Mode, float | None] | None = None
    """What the inverter was told last."""

    @contextmanager
    def flow(self, **more: str) -> Iterator[RunningNodeRed]:
        given = {"BATTERY_WRITE_BUDGET": "1000"} | more
        ha = self.ha
        with node_red(
            self.folder / "nr", optimizer=self.optimizer.url, home_assistant=ha.url.rstrip("/"), token=ha.token, settings=given
        ) as running:
            yield running

    def mode(self) -> str:
        return self.ha.state(MODE)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.database.execute(f"USE {DATABASE}", query)

    def health(self) -> dict[str, str]:
        told = httpx.get(f"{self.optimizer.url}/health", timeout=20, trust_env=False).json()
        return {each["name"]: f"{each['status']}: {each['detail']}" for each in told["components"]}

    def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        reply = httpx.request(method, f"{self.optimizer.url}/api/v1/{path}", json=body, timeout=30, trust_env=False)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def set_plant(self, at: datetime) -> None:
        """Have the sensors show sun, load and charge of an instant."""
        soc = round(10 * self.stored_kwh, 1)
        for name, value in (("sim_pv_power", 1000 * solar_kw(at)), ("sim_house_load", 1000 * load_kw(at)), ("sim_battery_soc", soc)):
            self.ha.set_number(name, round(value, 1) if name == "sim_battery_soc" else round(value))
        until(lambda: math.isclose(float(self.ha.state("sensor.battery_soc")), soc, abs_tol=0.05), 5, "the sensor shows the charge")

    def run_plant(self, at: datetime, hours: float, power_kw: float | None) -> None:
        """Let the battery do what the inverter's mode makes it do."""
        site, command = self.optimizer.service.settings.site, Command(mode=OPTIONS[self.mode()], power_kw=power_kw)
        flows = run_slot(site, command, stored_kwh=self.stored_kwh, solar_kw=solar_kw(at), load_kw=load_kw(at), hours=hours)
        self.stored_kwh = float(flows.stored_kwh)

    def unstored(self) -> int:
        """Return how many readings the flow pushed are not stored exactly once."""
        stored = self.rows("SELECT COUNT(*) FROM readings WHERE device LIKE '%\\_home'")[0][0]
        return abs(len(self.optimizer.shift.pushed) - int(stored))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One slot of the day as it went."""

    slot: Slot
    decisions: tuple[Decision, ...]
    seen: tuple[tuple[datetime, str], ...]
    """What the inverter read and when by the wall clock, after each decision was confirmed."""


@dataclass
class Day:
    """A day that was run."""

    house: House
    began: datetime
    steps: list[Step] = field(default_factory=list)
    last: str = ""
    """The id of the decision of the tick at the day's end."""
    mode: str = ""
    """What the inverter read then."""
    screenshot: Path | None = None
    page: dict[str, str] = field(default_factory=dict)
    savings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the API tells of the day and the month at the day's end."""
    page_errors: list[str] = field(default_factory=list)
    flow_log: str = ""

    def decisions(self) -> list[Decision]:
        return [decision for step in self.steps for decision in step.decisions]


def solar_kw(at: datetime) -> float:
    hour = at.hour + at.minute / 60
    return max(0.0, 2.8 * math.sin(math.pi * (hour - 7) / 10)) if 7 < hour < 17 else 0.0


def load_kw(at: datetime) -> float:
    hour = at.hour + at.minute / 60
    return 0.35 + (1.6 if 17 <= hour < 21 else 0.6 if 6.5 <= hour < 9 else 0.0)


@pytest.fixture(scope="module")
def house(mariadb: MariaDb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")
    require(mosquitto.is_installed(), "mosquitto")
    folder, clock = tmp_path_factory.mktemp("day"), MovedClock()
    clock.move_to(FIRST)
    mariadb.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    (folder / "broker").mkdir()
    broker = Mosquitto(folder / "broker")
    broker.start()
    with ExitStack() as parts:
        parts.callback(broker.kill)
        octopus = parts.enter_context(serving(ServedOctopus(load(default_data()), clock=clock)))
        with pytest.MonkeyPatch.context() as environment:
            for name, value in (settings(octopus, mariadb.url(DATABASE)) | broker.settings()).items():
                environment.setenv(name, value)
            given = load_settings(folder / "none.env")
        ha = parts.enter_context(home_assistant(folder / "ha", mqtt=broker.entry()))
        optimizer = parts.enter_context(moved_optimizer(given, clock))
        yield House(optimizer=optimizer, octopus=octopus, ha=ha, database=mariadb, broker=broker, folder=folder)


@pytest.fixture(scope="module")
def day(house: House) -> Day:
    """Run the day."""
    require(chromium() is not None, "Chromium")
    use = house.optimizer.service.use
    with house.flow(**SLOW) as flow:
        shift = house.optimizer.shift
        until(lambda: bool(shift.ticked) and shift.quiet(), PATIENCE_S, "the flow has started")
        run = Day(house=house, began=datetime.now(UTC))
        for slot in SLOTS:
            run.steps.append(_step(house, flow, slot))
        end = SLOTS[-1].end
        house.optimizer.clock.move_to(end + timedelta(seconds=2))
        house.set_plant(end)
        _tick(house, flow)
        house.optimizer.clock.move_to(end + timedelta(minutes=8))
        use_settle = house.optimizer.service.rounds.settle
        assert use_settle is not None
        use_settle.run(HOME, use.clock())
        run.last = _tick(house, flow).id
        run.mode = house.mode()
        _look_at(run, flow)
        run.flow_log = flow.log
    return run


def _step(house: House, flow: RunningNodeRed, slot: Slot) -> Step:
    decisions, seen, use = list[Decision](), list[tuple[datetime, str]](), house.optimizer.service.use
    house.optimizer.clock.move_to(slot.start + DECIDE)
    use.refresh.run(HOME, use.clock())
    looks = [DECIDE, MEASURE, AGAIN]
    while looks:
        at = looks.pop(0)
        house.set_plant(slot.start)
        house.optimizer.clock.move_to(slot.start + at)
        decisions.append(_tick(house, flow))
        seen.append((datetime.now(UTC), house.mode()))
        command = decisions[-1].command
        if at is DECIDE and (command.mode, command.power_kw) == house.does:
            looks.remove(MEASURE)
        house.does = (command.mode, command.power_kw)
        end = looks[0] if looks else HALF_HOUR
        house.run_plant(slot.start, (end - at).total_seconds() / 3600, command.power_kw)
    settle = house.optimizer.service.rounds.settle
    assert settle is not None
    settle.run(HOME, use.clock())
    return Step(slot=slot, decisions=tuple(decisions), seen=tuple(seen))


def _tick(house: House, flow: RunningNodeRed) -> Decision:
    """Have the flow do its round; return the decision it carried out, confirmed."""
    shift, decisions = house.optimizer.shift, house.optimizer.service.use.decisions
    ticked = len(shift.ticked)
    flow.press("bo_c_now")
    until(lambda: len(shift.ticked) > ticked, PATIENCE_S, "the flow pushed readings and asked")
    known = shift.ticked[ticked]["decision_id"]

    def confirmed() -> bool:
        return OutcomeStatus.CONFIRMED in [each.status for each in decisions.get(HOME, known).outcomes]

    until(confirmed, PATIENCE_S, f"{known} is confirmed; the inverter reads {house.mode()}")
    until(shift.quiet, PATIENCE_S, "the flow has asked everything")
    return decisions.get(HOME, known)


def _look_at(run: Day, flow: RunningNodeRed) -> None:
    with browser() as chrome:
        page = chrome.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        page.on("pageerror", lambda error: run.page_errors.append(str(error)))
        page.goto(flow.dashboard)
        expect(page.locator("[data-test=status]")).to_have_text("confirmed", timeout=30_000)
        expect(page.locator("[data-test=solar]")).to_contain_text("kW", timeout=30_000)
        for name in ("mode", "inverter", "solar", "load", "grid", "battery"):
            run.page[name] = (page.locator(f"[data-test={name}]").text_content() or "").strip()
        run.savings = {period: run.house.api("GET", f"savings?period={period}") for period in ("day", "month")}
        expect(page.locator("[data-test=savings] tbody tr")).to_have_count(3, timeout=30_000)
        run.page["savings"] = page.locator("[data-test=savings]").inner_text()
        page.wait_for_timeout(1500)
        run.screenshot = run.house.folder / "dashboard.png"
        page.screenshot(path=str(run.screenshot), full_page=True)


def _history(house: House, since: datetime) -> list[tuple[datetime, str]]:
    return house.ha.history(MODE, since, datetime.now(UTC) + timedelta(minutes=1))


def _without_repeats(modes: list[str]) -> list[str]:
    return [mode for n, mode in enumerate(modes) if n == 0 or modes[n - 1] != mode]


def test_the_inverters_history_is_the_decisions(day: Day) -> None:
    until(lambda: _history(day.house, day.began)[-1][1] == day.house.mode(), 10, "the last change is recorded")
    history = _history(day.house, day.began)

    for step in day.steps:
        recorded = [[state for at, state in history if at <= seen_at][-1] for seen_at, _ in step.seen]
        assert recorded == [decision.label for decision in step.decisions] == [mode for _, mode in step.seen], step.slot
    decided = [decision.label for decision in day.decisions()]
    seen = [state for _, state in history]
    start = [] if seen[0] == decided[0] else [seen[0]]
    assert _without_repeats(seen)[: len(_without_repeats(start + decided))] == _without_repeats(start + decided)
    assert len(set(decided)) >= 3


def test_every_decision_is_the_plans_and_confirmed(day: Day) -> None:
    for decision in day.decisions():
        statuses = [each.status for each in decision.outcomes]
        assert statuses[-1] is OutcomeStatus.CONFIRMED, decision
        assert OutcomeStatus.FAILED not in statuses
        assert decision.plan_source == "optimizer"
        assert decision.outcomes[-1].mode_read_back == decision.label


def test_every_reading_is_stored_once(day: Day) -> None:
    assert day.house.unstored() == 0
    assert len(day.house.optimizer.shift.pushed) >= 6 * 2 * len(SLOTS)
    (doubled,) = day.house.rows("SELECT COUNT(*) FROM (SELECT 1 FROM readings GROUP BY device, quantity, at HAVING COUNT(*) > 1) AS d")[0]
    assert doubled == 0


def test_slots_go_on_in_utc_through_the_clock_change(day: Day) -> None:
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    night = [step for step in day.steps if abs(step.slot.start - change) <= timedelta(hours=2)]

    assert len(night) == 9
    for step in night:
        assert {decision.slot for decision in step.decisions} == {step.slot}
        assert {(decision.price.provenance, decision.slot.hours) for decision in step.decisions} == {("published", 0.5)}
    charges = {step.slot.start for step in day.steps if any(each.command.mode is Mode.FORCE_CHARGE for each in step.decisions)}
    assert charges, "a day on Agile has something to charge for"


def test_the_ledger_closes_over_the_day(day: Day) -> None:
    service = day.house.optimizer.service
    slots = service.use.dashboard.ledger.between(HOME, SLOTS[0].start, SLOTS[-1].end)

    assert [each.slot for each in slots][-47:] == SLOTS[-47:]
    for each in slots:
        assert each.status.counts, each
        assert each.anomaly is None
        assert each.energies is not None
        assert abs(each.residual_kwh or 0.0) <= tolerance_kwh(each.energies, each.slot.hours)
    by_slot = {step.slot: step.decisions[-1].command.mode for step in day.steps}
    assert all(each.mode is by_slot[each.slot] for each in slots)
    whole = total(slots, Slot(SLOTS[0].start, SLOTS[-1].end), service.settings.site.battery)
    assert whole.actual.cost == pytest.approx(sum(each.cost or 0.0 for each in slots))
    halves = [total(part, Slot(part[0].slot.start, part[-1].slot.end), service.settings.site.battery) for part in (slots[:20], slots[20:])]
    assert whole.actual.cost == pytest.approx(sum(half.actual.cost for half in halves))
    assert whole.saved(Case.NO_BATTERY) > 0


def test_the_dashboard_shows_the_last_of_it(day: Day) -> None:
    assert day.page_errors == []
    told = day.house.optimizer.service.use.decisions.get(HOME, day.last)
    assert day.page["inverter"] == day.mode == told.label
    assert day.page["mode"].lower().replace("-", "_").replace(" ", "_") == told.command.mode
    assert day.page["solar"] == f"{round(1000 * solar_kw(SLOTS[-1].end)) / 1000:.2f} kW"
    assert day.page["load"] == f"{load_kw(SLOTS[-1].end):.2f} kW"
    assert day.screenshot is not None
    assert day.screenshot.stat().st_size > 20_000
    assert "[error]" not in day.flow_log


def test_the_dashboard_shows_the_savings_of_the_api(day: Day) -> None:
    shown = [[cell.strip() for cell in line.split("\t")] for line in day.page["savings"].splitlines()]
    of_day, of_month = ({each["case"]: each["saved"] for each in day.savings[period]["baselines"]} for period in ("day", "month"))

    for case, name in (("no_battery", "No battery"), ("self_use", "Self-use only"), ("rules", "Simple rules")):
        assert [name, pounds(of_day[case]), pounds(of_month[case])] in shown
    assert of_day["no_battery"] > 0.01
    assert of_month["no_battery"] != of_day["no_battery"]
    count = day.savings["day"]["count"]
    assert f"{round(count['settled_hours'])} of {round(count['passed_hours'])} hours of today are settled" in day.page["savings"]


def pounds(amount: float) -> str:
    """Return an amount as a British page writes it."""
    return f"{'-' if amount < 0 else ''}£{abs(amount):.2f}"


@dataclass(frozen=True, kw_only=True)
class Quick:
    """The house with a flow of a quick rhythm, and time that passes by itself."""

    house: House
    flow: RunningNodeRed

    def last(self) -> dict[str, Any]:
        return self.house.optimizer.shift.handed[-1]

    def follows(self) -> bool:
        """Tell whether the inverter does what was recommended last."""
        return self.house.mode() == str(self.last()["mode"])

    def two_ticks(self) -> None:
        handed = len(self.house.optimizer.shift.handed)
        until(lambda: len(self.house.optimizer.shift.handed) >= handed + 2, PATIENCE_S, "two more answers to the flow")


@pytest.fixture(scope="module")
def quick(day: Day) -> Iterator[Quick]:
    house = day.house
    with house.flow(**RHYTHM) as flow:
        found = Quick(house=house, flow=flow)
        found.two_ticks()
        until(lambda: found.last()["plan_source"] == "optimizer" and found.follows(), PATIENCE_S, "the plan is followed")
        yield found


@pytest.fixture(scope="module")
def page(quick: Quick) -> Iterator[Page]:
    """The dashboard of the flow."""
    with browser() as chrome:
        opened = chrome.new_context().new_page()
        opened.goto(quick.flow.dashboard)
        yield opened


def test_without_mariadb_the_inverter_goes_on_by_memory_and_no_reading_is_lost(quick: Quick, page: Page) -> None:
    house = quick.house
    stopped = time.monotonic()
    house.database.stop()
    try:
        until(lambda: quick.last()["plan_source"] in {"last_plan", "self_use"} and quick.follows(), PATIENCE_S, "a lower rung is followed")
        assert time.monotonic() - stopped <= LEASE_S + TICK_S
        assert "MariaDB" in str(quick.last()["cause"]) or "database" in str(quick.last()["cause"])
        health = house.health()
        assert health["database"].startswith("failed"), health
        expect(page.locator("[data-test='health-optimizer: database'] .failed")).to_be_visible(timeout=30_000)
    finally:
        house.database.start()

    until(lambda: quick.last()["plan_source"] == "optimizer", PATIENCE_S, "it plans again")
    until(quick.follows, PATIENCE_S, "the plan is followed again")
    quick.two_ticks()
    until(lambda: house.unstored() == 0, PATIENCE_S, "what waited is stored, once")
    assert house.health()["database"].startswith("ok")
    expect(page.locator("[data-test='health-optimizer: database'] .ok")).to_be_visible(timeout=30_000)


def test_without_mariadb_for_longer_than_the_lease_a_forced_mode_stays(quick: Quick) -> None:
    house, start = quick.house, datetime.now(UTC).replace(microsecond=0)
    where = f"overrides/{start:%Y-%m-%dT%H:%M:%SZ}"
    house.api("PUT", where, {"mode": "force_charge", "power_kw": 2.0, "until": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"})
    until(lambda: house.mode() == "Force Charge", PATIENCE_S, "the forced mode is written")
    house.database.stop()
    try:
        until(lambda: quick.last()["cause"] is not None, LEASE_S + TICK_S, "the cause is told")
        end = time.monotonic() + LEASE_S + TICK_S
        until(lambda: time.monotonic() > end or house.mode() != "Force Charge", PATIENCE_S, "more than a lease has passed")
        assert (house.mode(), quick.last()["plan_source"]) == ("Force Charge", "override")
        assert house.health()["database"].startswith("failed")
    finally:
        house.database.start()

    until(lambda: house.health()["database"].startswith("ok"), PATIENCE_S, "the database answers")
    for each in house.api("GET", "overrides")["overrides"]:
        house.api("DELETE", f"overrides/{each['start']}")
    until(lambda: quick.last()["plan_source"] == "optimizer" and quick.follows(), PATIENCE_S, "the plan is followed again")
    until(lambda: house.unstored() == 0, PATIENCE_S, "what waited is stored, once")


def test_a_broker_that_restarts_changes_nothing_for_the_inverter(quick: Quick, page: Page) -> None:
    house = quick.house
    until(lambda: house.health()["mqtt"].startswith("ok"), PATIENCE_S, "the broker is known")
    house.broker.stop()
    try:
        until(lambda: not house.health()["mqtt"].startswith("ok"), PATIENCE_S, "health says that the broker is away")
        expect(page.locator("[data-test='health-optimizer: mqtt'] .failed")).to_be_visible(timeout=30_000)
        quick.two_ticks()
        assert quick.last()["plan_source"] == "optimizer"
        until(quick.follows, LEASE_S + TICK_S, "the plan is followed without a broker")
    finally:
        house.broker.start()
    until(lambda: house.health()["mqtt"].startswith("ok"), 60, "the broker is known again")
    expect(page.locator("[data-test='health-optimizer: mqtt'] .ok")).to_be_visible(timeout=30_000)
    assert quick.follows()
