"""Two houses of one service, each with a Home Assistant and a Node-RED of its own, and a day of theirs that passes quarter by quarter.

A British one (Fox ESS, Agile in half-hours, pounds) and a Swedish one (Sigenergy, spot prices in quarter-hours, kronor). Only the
optimizer's clock is moved. What their flows do comes from their documents, over the API, as in any other house.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from app.domain.decision import Decision, OutcomeStatus
from app.domain.house import run_slot
from app.domain.site import SiteId
from tests.stack.executor import FOX
from tests.stack.home_assistant import RunningHomeAssistant, until
from tests.stack.inverters import INVERTERS, package_of
from tests.stack.moved_optimizer import MovedOptimizer
from tests.stack.nodered import RunningNodeRed, node_red

type Json = dict[str, Any]

LONDON, GNESTA = SiteId("home"), SiteId("gnesta")
FIRST = datetime(2026, 11, 20, 23, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
QUARTERS = 96
DECIDE, MEASURE = timedelta(seconds=2), timedelta(seconds=40)
"""When the flow ticks in a quarter: to decide, and once more to measure what the battery does then."""
PATIENCE_S = 60.0
DAY_MINUTES, WEEK_MINUTES = 1440, 10_080
SLOW: Json = {
    "tick_minutes": DAY_MINUTES,
    "prices_minutes": WEEK_MINUTES,
    "dashboard_s": 86_400,
    "flow_s": 3600,
    "lease_minutes": DAY_MINUTES,
    "settle_s": 0.2,
    "ramp_s": 3600,
    "writes_per_day": 1000,
    "notify": False,
}
"""The test presses; nothing else asks while it moves the clock."""
TRUTH = "sim_battery_kw"
"""The helper that the Swedish battery's power is set by: what physics makes of what its inverter was told."""


def london(octopus: str, ha: str) -> Json:
    """Return the document of the British house."""
    agile: Json = {"source": "octopus", "region": "C", "base_url": octopus}
    both = {"import": agile | {"product": "AGILE-24-10-01"}, "export": agile | {"product": "AGILE-OUTGOING-19-05-13"}}
    return {
        "id": LONDON,
        "title": "London",
        "place": {"time_zone": "Europe/London", "currency": "GBP"},
        "grid": {"import_limit_kw": 15, "export_limit_kw": 5},
        "tariff": {"agreements": [both]},
        "sources": {"home_assistant": {"url": ha}},
        "devices": [
            {"kind": "inverter", "model": "fox-ess", "way": {"by": "home_assistant", **FOX}},
            {"kind": "battery", "capacity_kwh": 10},
            {"kind": "solar", "peak_kw": 4},
        ],
        "control": {"executing": SLOW},
    }


def gnesta(spot: str, ha: str) -> Json:
    """Return the document of the Swedish house."""
    price: Json = {"source": "elprisetjustnu", "area": "SE3", "base_url": spot}
    paid = {"add_per_kwh": 0.75, "vat_pct": 25}
    return {
        "id": GNESTA,
        "title": "Gnesta",
        "place": {"time_zone": "Europe/Stockholm", "currency": "SEK"},
        "grid": {"fuse": {"phases": 3, "amps": 20}, "export_limit_kw": 10},
        "tariff": {"agreements": [{"import": price | {"retail": paid}, "export": price | {"retail": {"add_per_kwh": 0.05}}}]},
        "sources": {"home_assistant": {"url": ha}},
        "devices": [
            {"kind": "inverter", "model": "sigenergy", "ac_limit_kw": 8, "way": {"by": "home_assistant"}},
            {"kind": "battery", "capacity_kwh": 16, "max_charge_kw": 6, "max_discharge_kw": 6},
            {"kind": "solar", "peak_kw": 6},
        ],
        "control": {"executing": SLOW},
    }


def sigenergy(folder: Path) -> Path:
    """Write the package of a Home Assistant with a Sigenergy whose battery does what the test's physics say."""
    inverter = replace(INVERTERS["sigenergy"], does=f"states('input_number.{TRUTH}') | float")
    told = json.loads(package_of("sigenergy", inverter))
    told["input_number"][TRUTH] = {"min": -20, "max": 20, "step": 0.001, "initial": 0}
    path = folder / "sigenergy.yaml"
    path.write_text(json.dumps(told))
    return path


@dataclass
class Dwelling:
    """One of the two: its Home Assistant, its flow, and what its battery really holds."""

    site: SiteId
    optimizer: MovedOptimizer
    ha: RunningHomeAssistant
    token: str
    folder: Path
    mode_entity: str
    soc_entity: str
    stored_kwh: float
    flow: RunningNodeRed | None = None
    decisions: list[Decision] = field(default_factory=list)
    pushed: set[tuple[str, str, str]] = field(default_factory=set)
    """Readings its flow pushed."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run its flow until the block ends."""
        near, own = self.ha.url.rstrip("/"), {"BATTERY_OPTIMIZER_TOKEN": self.token}
        with node_red(self.folder, optimizer=self.optimizer.url, home_assistant=near, token=self.ha.token, settings=own) as self.flow:
            yield

    def ask(self, path: str, **params: str) -> httpx.Response:
        """Return what the optimizer answers to this house's token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.optimizer.url}{path}", params=params, headers=headers, timeout=30, trust_env=False)

    def set_plant(self, at: datetime, battery_kw: float) -> None:
        """Have the sensors show sun, load, charge and what the battery does."""
        capacity = self.optimizer.service.homes[self.site].site.battery.capacity_kwh
        soc = round(100 * self.stored_kwh / capacity, 1)
        shown = {"sim_pv_power": round(1000 * solar_kw(at)), "sim_house_load": round(1000 * load_kw(at)), "sim_battery_soc": soc}
        for name, value in (shown | ({TRUTH: round(battery_kw, 3)} if self.site == GNESTA else {})).items():
            self.ha.set_number(name, value)
        until(lambda: math.isclose(float(self.ha.state(self.soc_entity)), soc, abs_tol=0.06), 20, "the sensor shows the charge")

    def tick(self) -> Decision:
        """Have its flow do its round; return the decision it carried out, confirmed."""
        assert self.flow is not None
        shift, stored = self.optimizer.shift, self.optimizer.service.use.decisions
        ticked, before = len(shift.ticked), set(shift.pushed)
        self.flow.press("bo_c_now")
        until(lambda: len(shift.ticked) > ticked, PATIENCE_S, f"{self.site}: the flow pushed readings and asked")
        known = shift.ticked[ticked]["decision_id"]

        def confirmed() -> bool:
            return OutcomeStatus.CONFIRMED in [each.status for each in stored.get(self.site, known).outcomes]

        until(confirmed, PATIENCE_S, f"{self.site}: {known} is confirmed; the inverter reads {self.ha.state(self.mode_entity)}")
        until(shift.quiet, PATIENCE_S, f"{self.site}: the flow has asked everything")
        self.pushed |= shift.pushed - before
        self.decisions.append(stored.get(self.site, known))
        return self.decisions[-1]

    def pass_quarter(self, start: datetime) -> None:
        """Decide, measure, and let the battery do for a quarter of an hour what its inverter was told."""
        optimizer, site = self.optimizer, self.optimizer.service.homes[self.site].site
        hours, sun, load = QUARTER.total_seconds() / 3600, solar_kw(start), load_kw(start)
        optimizer.clock.move_to(start + DECIDE)
        self.set_plant(start, self._does(self.decisions[-1], start) if self.decisions else 0.0)
        decided = self.tick()
        optimizer.clock.move_to(start + MEASURE)
        self.set_plant(start, self._does(decided, start))
        told = self.tick().command
        flows = run_slot(site, told, stored_kwh=self.stored_kwh, solar_kw=sun, load_kw=load, hours=hours)
        self.stored_kwh = float(flows.stored_kwh)

    def _does(self, decision: Decision, at: datetime) -> float:
        site, hours = self.optimizer.service.homes[self.site].site, QUARTER.total_seconds() / 3600
        flows = run_slot(site, decision.command, stored_kwh=self.stored_kwh, solar_kw=solar_kw(at), load_kw=load_kw(at), hours=hours)
        return float(flows.charge_kw - flows.discharge_kw)


def solar_kw(at: datetime) -> float:
    """Return a November day's sun."""
    hour = at.hour + at.minute / 60
    return max(0.0, 1.8 * math.sin(math.pi * (hour - 8) / 7)) if 8 < hour < 15 else 0.0


def load_kw(at: datetime) -> float:
    """Return a household's load."""
    hour = at.hour + at.minute / 60
    return 0.4 + (1.5 if 16.5 <= hour < 21 else 0.7 if 6 <= hour < 8.5 else 0.0)


@dataclass
class TwoHouses:
    """Both, and the day they went through."""

    optimizer: MovedOptimizer
    dwellings: tuple[Dwelling, Dwelling]

    def run(self) -> None:
        """Have the quarters of the day pass in both."""
        use = self.optimizer.service.use
        for n in range(QUARTERS):
            start = FIRST + n * QUARTER
            self.optimizer.clock.move_to(start + DECIDE)
            for each in self.dwellings:
                use.refresh.run(each.site, use.clock())
            for each in self.dwellings:
                each.pass_quarter(start)
        self.optimizer.clock.move_to(FIRST + QUARTERS * QUARTER + timedelta(minutes=8))
        for each in self.dwellings:
            each.set_plant(FIRST + QUARTERS * QUARTER, 0.0)
            each.tick()
            use.settle.run(each.site, use.clock())
