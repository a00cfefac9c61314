"""A whole accelerated day on real parts, through the night of a clock change, and faults of its servers while the flow runs.

MariaDB, Mosquitto, Home Assistant with a simulated Fox inverter, Node-RED with the built flow, the optimizer on a served Octopus
tariff. Only the optimizer's clock is moved, half-hour by half-hour; the others live on the wall clock.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.config.leftover import leftover
from app.config.settings import load as load_settings
from app.domain.decision import OutcomeStatus
from app.domain.ledger import Case
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from app.ledger.balance import tolerance_kwh
from app.ledger.savings import total
from tests.page.demo import browser, chromium
from tests.served_octopus import ServedOctopus, default_data, load, serving
from tests.stack import install_home_assistant, mosquitto, nodered
from tests.stack.accelerated_day import DATABASE, FIRST, MODE, PATIENCE_S, SLOTS, Day, House, load_kw, run_day, solar_kw
from tests.stack.executor import rhythms
from tests.stack.home_assistant import home_assistant, until
from tests.stack.mariadb import MariaDb
from tests.stack.mosquitto import Mosquitto
from tests.stack.moved_optimizer import MovedClock, moved_optimizer
from tests.stack.nodered import RunningNodeRed
from tests.stack.parts import require
from tests.stack.real_input import settings

pytestmark = pytest.mark.stack

TICK_S, LEASE_S = 4.0, 14.0
RHYTHM = {"rhythms": rhythms(control_s=TICK_S), "lease_s": LEASE_S}


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
        ha = parts.enter_context(home_assistant(folder / "ha", mqtt=broker.entry()))
        with pytest.MonkeyPatch.context() as environment:  # the house of the environment is taken over when the optimizer is built
            for name, value in (settings(octopus, mariadb.url(DATABASE)) | broker.settings()).items():
                environment.setenv(name, value)
            given, left = load_settings(folder / "none.env"), leftover(folder / "none.env")
            optimizer = parts.enter_context(moved_optimizer(given, clock, left))
        yield House(optimizer=optimizer, octopus=octopus, ha=ha, database=mariadb, broker=broker, folder=folder)


@pytest.fixture(scope="module")
def day(house: House) -> Day:
    require(chromium() is not None, "Chromium")
    return run_day(house)


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
    battery = service.use.sites[HOME].battery
    whole = total(slots, Slot(SLOTS[0].start, SLOTS[-1].end), battery)
    assert whole.actual.cost == pytest.approx(sum(each.cost or 0.0 for each in slots))
    halves = [total(part, Slot(part[0].slot.start, part[-1].slot.end), battery) for part in (slots[:20], slots[20:])]
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
    with house.flow(RHYTHM) as flow:
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
    house.database.stop()
    try:
        until(lambda: quick.last()["plan_source"] in {"last_plan", "self_use"} and quick.follows(), PATIENCE_S, "a lower rung is followed")
        assert "MariaDB" in str(quick.last()["cause"]) or "database" in str(quick.last()["cause"])
        health = house.health()
        assert health["database"].startswith("failed"), health
        expect(page.locator("[data-test='health-optimizer: database'] .failed")).to_be_visible(timeout=60_000)
    finally:
        house.database.start()

    until(lambda: quick.last()["plan_source"] == "optimizer", PATIENCE_S, "it plans again")
    until(quick.follows, PATIENCE_S, "the plan is followed again")
    quick.two_ticks()
    until(lambda: house.unstored() == 0, PATIENCE_S, "what waited is stored, once")
    assert house.health()["database"].startswith("ok")
    expect(page.locator("[data-test='health-optimizer: database'] .ok")).to_be_visible(timeout=60_000)


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
        expect(page.locator("[data-test='health-optimizer: mqtt'] .failed")).to_be_visible(timeout=60_000)
        quick.two_ticks()
        assert quick.last()["plan_source"] == "optimizer"
        until(quick.follows, LEASE_S + TICK_S, "the plan is followed without a broker")
    finally:
        house.broker.start()
    until(lambda: house.health()["mqtt"].startswith("ok"), 60, "the broker is known again")
    expect(page.locator("[data-test='health-optimizer: mqtt'] .ok")).to_be_visible(timeout=60_000)
    assert quick.follows()
