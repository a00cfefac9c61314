"""A real Node-RED with the built flow, in a private user directory on a free port: started and stopped by tests."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.stack.home_assistant import free_port, until

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "nodered"
PARTS = Path(os.environ.get("NODE_RED_PARTS", ROOT / ".parts" / "nodered"))
"""Another installation to try: node_modules with node-red, and perhaps its own Node.js in node_modules/node."""
START_LIMIT_S = 90.0
STOP_LIMIT_S = 15.0
QUICK = {
    "BATTERY_DASHBOARD_SECONDS": "1",
    "BATTERY_FLOW_SECONDS": "1",
    "BATTERY_WATCHDOG_SECONDS": "1",
    "BATTERY_SETTLE_SECONDS": "0.7",
    "BATTERY_REVERT_SECONDS": "1.5",
    "BATTERY_PRICES_JITTER_SECONDS": "0",
}
"""An accelerated house: what takes minutes at home takes seconds in a test."""
FOX = {
    "BATTERY_PROFILE": "fox_ess",
    "BATTERY_ENTITY_MODE": "select.fox_work_mode",
    "BATTERY_ENTITY_CHARGE_POWER": "number.fox_force_charge_power",
    "BATTERY_ENTITY_DISCHARGE_POWER": "number.fox_force_discharge_power",
    "BATTERY_ENTITY_DISCHARGE_CURRENT": "number.fox_max_discharge_current",
    "BATTERY_ENTITY_SOC_PCT": "sensor.battery_soc",
    "BATTERY_ENTITY_SOLAR_KW": "sensor.pv_power",
    "BATTERY_ENTITY_LOAD_KW": "sensor.house_load",
    "BATTERY_ENTITY_GRID_KW": "sensor.grid_power",
    "BATTERY_ENTITY_BATTERY_KW": "sensor.battery_power",
    "BATTERY_SIGN_BATTERY_KW": "-1",
    "BATTERY_ENTITY_BATTERY_VOLTAGE_V": "sensor.battery_voltage",
}
"""The entities of tests/stack/home_assistant.yaml."""


@dataclass(frozen=True, kw_only=True)
class RunningNodeRed:
    """Where it listens and what it writes."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "node-red.out").read_text(errors="replace")

    @property
    def dashboard(self) -> str:
        return f"{self.url}ui/battery"

    def press(self, inject: str) -> None:
        """Press the button of an inject node."""
        httpx.post(f"{self.url}inject/{inject}", trust_env=False).raise_for_status()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def is_installed() -> bool:
    """Tell whether exactly today's pins are there; another installation is taken as it is."""
    stamp = PARTS / "installed.sha256"
    if "NODE_RED_PARTS" in os.environ:
        return (PARTS / "node_modules" / "node-red").is_dir()
    wanted = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    return shutil.which("node") is not None and stamp.exists() and stamp.read_text().strip() == wanted


@contextmanager
def node_red(
    folder: Path, *, optimizer: str, home_assistant: str, token: str, settings: Mapping[str, str] | None = None, flows: Path | None = None
) -> Iterator[RunningNodeRed]:
    """Run the flow in a folder until the block ends; a folder used before keeps its context."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "settings.js"):
        shutil.copyfile(SOURCES / name, folder / name)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PARTS / "node_modules")
    source = flows or SOURCES / "flows-hybrid.json"
    shutil.copyfile(source, folder / "flows.json")
    shutil.copyfile(SOURCES / "flows-hybrid_cred.json", folder / "flows_cred.json")
    port = free_port()
    env = _environment(folder, port) | QUICK | FOX | {"BATTERY_OPTIMIZER_URL": optimizer, "HA_URL": home_assistant, "HA_TOKEN": token}
    command = [_node(), str(PARTS / "node_modules" / "node-red" / "red.js"), "-u", str(folder), "-s", str(folder / "settings.js")]
    with (folder / "node-red.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=env | dict(settings or {}))
    running = RunningNodeRed(url=f"http://127.0.0.1:{port}/", folder=folder, process=process)
    try:
        until(lambda: _started(running), START_LIMIT_S, "Node-RED has started the flows")
        yield running
    finally:
        _stop(process)


def _environment(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTERY_", "NODE_RED_", "HA_")) and name != "FLOWS"}
    return kept | {"NODE_RED_HOST": "127.0.0.1", "NODE_RED_PORT": str(port), "NODE_RED_FLOWS": str(folder / "flows.json")}


def _node() -> str:
    own = PARTS / "node_modules" / "node" / "bin" / "node"
    return str(own) if own.exists() else shutil.which("node") or "node"


def _started(running: RunningNodeRed) -> bool:
    if running.process.poll() is not None:
        raise RuntimeError(f"Node-RED ended by itself:\n{running.log[-3000:]}")
    return "Started flows" in running.log


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
