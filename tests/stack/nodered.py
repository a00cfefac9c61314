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
from tests.stack.processes import end

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "nodered"
PARTS, PARTS_5 = ROOT / ".parts" / "nodered", ROOT / ".parts" / "nodered5"
"""Where Node-RED 4 is installed, and Node-RED 5 with a Node.js of its own."""
PINS = {PARTS: SOURCES, PARTS_5: Path(__file__).with_name("nodered5")}
START_LIMIT_S = 90.0
STOP_LIMIT_S = 15.0


@dataclass(kw_only=True)
class RunningNodeRed:
    """Where it listens and what it writes. It may be stopped and started again, and keeps its context."""

    url: str
    folder: Path
    parts: Path
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has written since it started last."""
        return (self.folder / "node-red.out").read_text(errors="replace")

    @property
    def dashboard(self) -> str:
        return f"{self.url}ui/battery"

    def press(self, inject: str) -> None:
        """Press the button of an inject node."""
        httpx.post(f"{self.url}inject/{inject}", trust_env=False).raise_for_status()

    def start(self) -> None:
        """Start it, and wait until its flows have started."""
        program = self.parts / "node_modules" / "node-red" / "red.js"
        command = [_node(self.parts), str(program), "-u", str(self.folder), "-s", str(self.folder / "settings.js")]
        with (self.folder / "node-red.out").open("wb") as out:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT, env=self.env)
        until(self._started, START_LIMIT_S, "Node-RED has started the flows")

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        end(self.process, STOP_LIMIT_S)

    def _started(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"Node-RED ended by itself:\n{self.log[-3000:]}")
        return "Started flows" in self.log


def is_installed(parts: Path = PARTS) -> bool:
    """Tell whether exactly today's pins are there."""
    stamp = parts / "installed.sha256"
    wanted = hashlib.sha256((PINS[parts] / "package-lock.json").read_bytes()).hexdigest()
    return shutil.which("node") is not None and stamp.exists() and stamp.read_text().strip() == wanted


@contextmanager
def node_red(
    folder: Path,
    *,
    optimizer: str,
    home_assistant: str,
    token: str,
    settings: Mapping[str, str] | None = None,
    flows: Path | None = None,
    parts: Path = PARTS,
) -> Iterator[RunningNodeRed]:
    """Run the flow in a folder until the block ends; a folder used before keeps its context. `settings` win over the environment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "settings.js"):
        shutil.copyfile(SOURCES / name, folder / name)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(parts / "node_modules")
    source = flows or SOURCES / "flows-hybrid.json"
    shutil.copyfile(source, folder / "flows.json")
    shutil.copyfile(SOURCES / "flows-hybrid_cred.json", folder / "flows_cred.json")
    port = free_port()
    env = _environment(folder, port) | {"BATTERY_OPTIMIZER_URL": optimizer, "HA_URL": home_assistant, "HA_TOKEN": token}
    running = RunningNodeRed(url=f"http://127.0.0.1:{port}/", folder=folder, parts=parts, env=env | dict(settings or {}))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _environment(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTERY_", "NODE_RED_", "HA_")) and name != "FLOWS"}
    return kept | {"NODE_RED_HOST": "127.0.0.1", "NODE_RED_PORT": str(port), "NODE_RED_FLOWS": str(folder / "flows.json")}


def _node(parts: Path) -> str:
    """Return the Node.js installed there, else the machine's."""
    own = sorted(parts.glob("node_modules/node-linux-*/bin/node"))
    return str(own[0]) if own else shutil.which("node") or "node"
