"""A house of real parts, and a day of it that passes half-hour by half-hour: only the optimizer's clock is moved."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect

from app.domain.decision import Command, Decision, OutcomeStatus
from app.domain.house import run_slot
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from app.templates.vocabulary import words
from tests.page.demo import browser
from tests.served_octopus import ServedOctopus
from tests.stack.executor import Json, fox, rhythms
from tests.stack.home_assistant import RunningHomeAssistant, until
from tests.stack.mariadb import MariaDb
from tests.stack.mosquitto import Mosquitto
from tests.stack.moved_optimizer import MovedOptimizer
from tests.stack.nodered import RunningNodeRed, node_red

DATABASE = "day"
MODE = "select.fox_work_mode"
OPTIONS = {option: mode for mode, option in words("fox-ess")}
FIRST = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""The clocks of London go back at 01:00 UTC of the night that follows."""
HALF_HOUR = timedelta(minutes=30)
SLOTS = [Slot(FIRST + n * HALF_HOUR, FIRST + (n + 1) * HALF_HOUR) for n in range(48)]
DECIDE, MEASURE, AGAIN = timedelta(seconds=2), timedelta(minutes=1), timedelta(minutes=15, seconds=1)
"""When the flow ticks in a slot: to decide; if that changed, to measure what it does; once more before a reading gets too old to hold."""
PATIENCE_S = 40.0
NEVER_S = 6e6
SLOW = {"rhythms": rhythms(control_s=NEVER_S, prices_s=NEVER_S, page_s=NEVER_S), "settle_s": 0.2}
"""The test presses; nothing else asks while it moves the clock, not even where a rhythm's turn comes, every some months."""
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
    def flow(self, told: Json) -> Iterator[RunningNodeRed]:
        self.optimizer.shift.described = fox(write_budget=1000, **told)
        near, token = self.ha.url.rstrip("/"), self.ha.token
        with node_red(self.folder / "nr", optimizer=self.optimizer.url, home_assistant=near, token=token) as running:
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
        site, command = self.optimizer.service.use.sites[HOME], Command(mode=OPTIONS[self.mode()], power_kw=power_kw)
        flows = run_slot(site, command, stored_kwh=self.stored_kwh, solar_kw=solar_kw(at), load_kw=load_kw(at), hours=hours)
        self.stored_kwh = float(flows.stored_kwh)

    def settle(self) -> None:
        """Have the ledger settle the slots that are over."""
        service = self.optimizer.service
        assert service.rounds.settle is not None
        service.rounds.settle.run(HOME, service.use.clock())

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


def run_day(house: House) -> Day:
    """Have the slots of the day pass, then look at the dashboard."""
    house.set_plant(SLOTS[0].start)  # a charge that jumps when the day begins would not be believed at once
    with house.flow(SLOW) as flow:
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
        house.settle()
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
    house.settle()
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
        expect(page.locator("[data-test=status]")).to_have_text("confirmed", timeout=60_000)
        expect(page.locator("[data-test=solar]")).to_contain_text("kW", timeout=60_000)
        for name in ("mode", "inverter", "solar", "load", "grid", "battery"):
            run.page[name] = (page.locator(f"[data-test={name}]").text_content() or "").strip()
        run.savings = {period: run.house.api("GET", f"savings?period={period}") for period in ("day", "month")}
        expect(page.locator("[data-test=savings] tbody tr")).to_have_count(3, timeout=60_000)
        run.page["savings"] = page.locator("[data-test=savings]").inner_text()
        page.wait_for_timeout(1500)
        run.screenshot = run.house.folder / "dashboard.png"
        page.screenshot(path=str(run.screenshot), full_page=True)
