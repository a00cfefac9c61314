"""Every inverter profile in real Node-REDs on one real Home Assistant: every mode is carried out and read back.

The inverters are simulated (tests/stack/inverters.py); all ten follow the same recommendation at the same time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.nodered.switchboard import Switchboard, switchboard
from tests.page.demo import Demo
from tests.stack import install_home_assistant, nodered
from tests.stack.executor import Json, document, rhythms
from tests.stack.home_assistant import RunningHomeAssistant, home_assistant, until
from tests.stack.inverters import INVERTERS, package, profile, profiles
from tests.stack.nodered import RunningNodeRed, node_red
from tests.stack.parts import require

pytestmark = pytest.mark.stack

INTEGRATIONS = Path(__file__).with_name("custom_components")
TICK_S, LEASE_S = 2.0, 10.0
PATIENCE_S = 45.0
POWER_KW = 2.0
TOLERANCE_KW = 0.11
"""Numbers are written in the entity's steps."""
NO_POWER_SETTING = {"growatt": 3.0, "tesla": 3.3}
"""What the simulated inverter forces where a profile can set no power."""
SUNNY, DIM = {"sim_pv_power": 2400, "sim_house_load": 650}, {"sim_pv_power": 200, "sim_house_load": 1200}
type Decisions = Callable[[], set[str]]
HOUSE: Json = {
    "rhythms": rhythms(control_s=TICK_S, prices_s=36000, page_s=600, flow_s=600),
    "lease_s": LEASE_S,
    "ramp_s": 2,
    "write_budget": 1000,
    "settle_s": 0.7,
    "revert_s": 1.5,
    "notify": False,
}


@dataclass(frozen=True, kw_only=True)
class Inverter:
    """One of the ten, with a flow of its own."""

    name: str
    profile: dict[str, Any]
    board: Switchboard
    flow: RunningNodeRed
    ha: RunningHomeAssistant

    def battery_kw(self) -> float:
        """Return what the battery does, charging positive, by its own sensors."""
        sensor = self.profile["sensors"]["battery_kw"]
        raw = float(self.ha.state(sensor["entity"])) - (float(self.ha.state(sensor["minus"])) if "minus" in sensor else 0)
        scale = 1000 if INVERTERS[self.name].power_unit == "W" else 1
        return float(sensor.get("sign", 1)) * raw / scale

    def await_power(self, power_kw: float, limit_s: float) -> None:
        what = f"{self.name} does {power_kw} kW"
        until(lambda: abs(self.battery_kw() - power_kw) < TOLERANCE_KW, limit_s, what)

    def await_told(self, status: str, decisions: Decisions, power_kw: float | None) -> dict[str, Any]:
        """Return the outcome that says so of one of these decisions, with what the battery does if that is given."""

        def found() -> list[dict[str, Any]]:
            told = [each for each in self.board.outcomes if each["status"] == status and each["decision_id"] in decisions()]
            return [each for each in told if power_kw is None or abs((each["battery_kw"] or 0) - power_kw) < TOLERANCE_KW]

        try:
            until(lambda: found() != [], PATIENCE_S, f"{self.name} tells {status}")
        except TimeoutError as error:
            raise AssertionError(f"{self.name} tells {self.board.outcomes}") from error
        return found()[0]

    def confirmed(self, decisions: set[str]) -> bool:
        return any(told["status"] == "confirmed" and told["decision_id"] in decisions for told in self.board.outcomes)

    def forced_kw(self) -> float:
        return NO_POWER_SETTING.get(self.name, POWER_KW)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All of them, and the optimizer they follow."""

    optimizer: Demo
    ha: RunningHomeAssistant
    inverters: list[Inverter]

    def force(self, mode: str) -> None:
        """Have the optimizer recommend a mode; the override that began last holds, so nothing comes between two of them."""
        now = datetime.now(UTC).replace(microsecond=0)
        body = {"mode": mode, "until": (now + timedelta(hours=2)).isoformat()} | (
            {"power_kw": POWER_KW} if mode.startswith("force_") else {}
        )
        url = f"{self.optimizer.url}/api/v1/overrides/{now:%Y-%m-%dT%H:%M:%SZ}"
        httpx.put(url, json=body, timeout=30, trust_env=False).raise_for_status()

    def decisions(self, mode: str) -> set[str]:
        """Return the ids of the decisions that force a mode; a half-hour that begins makes a new one."""
        told = httpx.get(f"{self.optimizer.url}/api/v1/decisions", timeout=30, trust_env=False).raise_for_status().json()["decisions"]
        return {each["decision_id"] for each in told if each["mode_code"] == mode and each["plan_source"] == "override"}

    def set_plant(self, plant: dict[str, int]) -> None:
        for name, value in plant.items():
            self.ha.set_number(name, value)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    require(nodered.is_installed(), "Node-RED")
    require(install_home_assistant.is_installed(), "Home Assistant")
    folder = tmp_path_factory.mktemp("profiles")
    packages = [folder / f"sim_{name}.yaml" for name in INVERTERS]
    for path, name in zip(packages, INVERTERS, strict=True):
        path.write_text(package(name))
    with ExitStack() as open_:
        optimizer = Demo(folder, {"OPTIMIZER_TARIFF__SOURCE": "simulated", "OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/optimizer.db"})
        optimizer.start()
        open_.callback(optimizer.stop)
        ha = open_.enter_context(home_assistant(folder / "ha", packages=packages, own=INTEGRATIONS))
        fleet = Fleet(optimizer=optimizer, ha=ha, inverters=[])
        fleet.force("hold")

        def start(name: str) -> tuple[Switchboard, RunningNodeRed]:
            board = open_.enter_context(switchboard(optimizer.url, document(name, {"device_id": "batteries"}, **HOUSE)))
            near = ha.url.rstrip("/")
            return board, open_.enter_context(node_red(folder / name, optimizer=board.url, home_assistant=near, token=ha.token))

        with ThreadPoolExecutor(3) as starting:
            started = list(starting.map(start, INVERTERS))
        for name, (board, flow) in zip(INVERTERS, started, strict=True):
            fleet.inverters.append(Inverter(name=name, profile=profile(name), board=board, flow=flow, ha=ha))
        yield fleet


def test_there_is_a_simulated_inverter_for_every_profile() -> None:
    assert set(profiles()) == set(INVERTERS)


@pytest.mark.parametrize(
    ("mode", "plant", "surplus_kw"),
    [
        ("self_use", SUNNY, 1.75),
        ("force_charge", DIM, None),
        ("hold", DIM, 0.0),
        ("force_discharge", DIM, None),
        ("feed_in_first", SUNNY, 0.0),
        ("self_use", DIM, -1.0),
    ],
)
def test_every_profile_carries_out_every_mode_and_confirms_it_or_says_that_it_cannot(
    fleet: Fleet, mode: str, plant: dict[str, int], surplus_kw: float | None
) -> None:
    """What a profile lacks is failed with its reason, and self-use in its place."""
    fleet.set_plant(plant)
    own_kw = (plant["sim_pv_power"] - plant["sim_house_load"]) / 1000
    for each in fleet.inverters:
        each.board.outcomes.clear()
    fleet.force(mode)

    for each in fleet.inverters:
        forced_kw = -each.forced_kw() if mode == "force_discharge" else each.forced_kw()
        lacks = each.profile["lacks"].get(mode)
        each.await_power(own_kw if lacks else forced_kw if surplus_kw is None else surplus_kw, PATIENCE_S)
        status, power_kw = ("failed", None) if lacks else ("confirmed", forced_kw if surplus_kw is None else None)
        told = each.await_told(status, lambda: fleet.decisions(mode), power_kw)
        assert (f"cannot {mode}: {lacks}; self-use instead" in (told["detail"] or "")) is bool(lacks), (each.name, told)
        assert not (lacks and each.confirmed(fleet.decisions(mode))), (each.name, each.board.outcomes)


def test_without_a_recommendation_every_profile_returns_to_self_use(fleet: Fleet) -> None:
    fleet.set_plant(DIM)
    fleet.force("force_charge")
    for each in fleet.inverters:
        each.await_power(each.forced_kw(), PATIENCE_S)
    for each in fleet.inverters:
        each.board.away = True

    for each in fleet.inverters:
        each.await_power(-1.0, LEASE_S + 2 * TICK_S + 8)
    for each in fleet.inverters:
        each.board.away = False
    for each in fleet.inverters:
        each.await_power(each.forced_kw(), PATIENCE_S)


def test_no_flow_met_an_error(fleet: Fleet) -> None:
    for each in fleet.inverters:
        assert "[error]" not in each.flow.log, (each.name, each.flow.log[-2000:])
