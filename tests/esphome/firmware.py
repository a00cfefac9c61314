"""The dongle's firmware as a Linux program: built once by ESPHome, started with a flash of its own, spoken to over its native API."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aioesphomeapi.client import APIClient
from aioesphomeapi.core import APIConnectionError
from aioesphomeapi.model import HomeassistantServiceCall

ROOT = Path(__file__).parents[2]
PRODUCTS = ROOT / "esphome"
VENV = ROOT / ".parts" / "esphome-venv"
ESPHOME = VENV / "bin" / "esphome"
BUILT = ROOT / ".parts" / "esphome-build"
"""Kept, because a build from nothing takes a minute."""
NAME, INVERTER = "dongle-host", "foxess-h1"
"""What host.yaml says of itself."""
HOST = "127.0.0.1"
CLIENT_NAME = "battery-optimizer"
ANSWERS_WITHIN_S = 20
POLL_S = 0.02


def is_installed() -> bool:
    return ESPHOME.exists()


def esphome(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run ESPHome on a product; its build files go to `data`."""
    environment = {**os.environ, "ESPHOME_DATA_DIR": str(data)}
    return subprocess.run([str(ESPHOME), *arguments], cwd=PRODUCTS, env=environment, capture_output=True, text=True, check=False)


def build(folder: Path, *, inverter: str = INVERTER, product: str = "host.yaml", **substitutions: str) -> Path:
    """Build the host product with an inverter's package; return a copy of the program in a folder of one's own.

    What is compiled is kept for each package, so that a second build only compiles what changed; builds of the same one take turns.
    """
    options = [part for key, value in {"inverter": inverter, **substitutions}.items() for part in ("-s", key, value)]
    data = BUILT / inverter
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = esphome("-q", *options, "compile", product, data=data)
        if done.returncode != 0:
            raise RuntimeError(f"the firmware does not build:\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
        return Path(shutil.copy2(data / "build" / NAME / ".pioenvs" / NAME / "program", folder / "program"))


def upload(program: Path, ota_port: int) -> None:
    """Give a running dongle new firmware over the network, as `esphome upload` does."""
    imports = "import sys; from pathlib import Path; from esphome.espota2 import run_ota"
    tool = f"{imports}; sys.exit(run_ota(['{HOST}'], int(sys.argv[2]), None, Path(sys.argv[1]), allow_plaintext_upload=True)[0])"
    subprocess.run([str(VENV / "bin" / "python"), "-c", tool, str(program), str(ota_port)], check=True, capture_output=True)


@dataclass
class Firmware:
    """One running dongle and whoever talks to it. `lines` are what it said, each with when it was heard."""

    program: Path
    flash: Path
    tty: Path
    port: int
    ota_port: int
    lines: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    api: APIClient | None = None
    _actions: dict[str, Any] = field(default_factory=dict)

    async def start(self) -> None:
        """Switch it on."""
        self.flash.mkdir(parents=True, exist_ok=True)
        with (self.flash / "log").open("ab") as log:
            ports = {"DONGLE_TTY": str(self.tty), "DONGLE_API_PORT": str(self.port), "DONGLE_OTA_PORT": str(self.ota_port)}
            environment = {**os.environ, **ports, "ESPHOME_PREFDIR": str(self.flash)}
            self.process = await asyncio.create_subprocess_exec(str(self.program), stdout=log, stderr=log, env=environment)

    async def connect(self, *, hello: bool = True) -> None:
        """Become its backend: subscribe, then open the link with an acknowledgement of nothing."""
        until = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            self.api = APIClient(HOST, self.port, None, client_info=CLIENT_NAME)
            try:
                await self.api.connect(login=True)
                break
            except APIConnectionError:
                await self.api.disconnect(force=True)
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(POLL_S)
        _, services = await self.api.list_entities_services()
        self._actions = {service.name: service for service in services}
        self.api.subscribe_service_calls(self._hear)
        if hello:
            await self.say({"v": 1, "ack": 0})

    async def disconnect(self) -> None:
        """Leave it alone."""
        if self.api is not None:
            await self.api.disconnect(force=True)
            self.api = None

    async def act(self, action: str, **values: float | str | bool) -> None:
        """Call an action of its native API."""
        assert self.api is not None
        await self.api.execute_service(self._actions[action], {**values})

    async def say(self, message: dict[str, Any] | str) -> None:
        """Send it a line."""
        await self.act("request", line=message if isinstance(message, str) else json.dumps(message))

    async def until(self, true: Callable[[], object], within_s: float = 10) -> None:
        """Wait for something to become true.

        Raises:
            TimeoutError: it did not; the message has the last lines heard.
        """
        end = time.monotonic() + within_s
        while not true():
            if time.monotonic() > end:
                raise TimeoutError("\n".join(str(line) for line in self.lines[-8:]))
            await asyncio.sleep(POLL_S)

    def said(self, kind: str) -> list[dict[str, Any]]:
        """Return the lines of a kind, oldest first."""
        return [line for _, of_kind, line in self.lines if of_kind == kind]

    def live(self) -> list[dict[str, Any]]:
        """Return the samples as they were taken."""
        return [line for line in self.said("telemetry") if "seq" not in line]

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the log, as often as they were sent."""
        return [line for line in self.said("telemetry") if "seq" in line]

    def answers(self, order: str) -> list[str]:
        """Return what it answered to an order, in turn."""
        return [line["status"] for line in self.said("response") if line.get("id") == order]

    @property
    def status(self) -> dict[str, Any]:
        return (self.said("status") or [{}])[-1]

    async def power_off(self) -> None:
        """Cut its power (kill -9), whatever it is doing."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self.disconnect()

    def _hear(self, call: HomeassistantServiceCall) -> None:
        if call.is_event and call.service == "esphome.battery_dongle":
            self.lines.append((time.monotonic(), call.data["kind"], json.loads(call.data["line"])))


def install() -> None:
    """Put ESPHome into its own venv, as pinned in requirements.txt; quick when it is there already."""
    pins = Path(__file__).with_name("requirements.txt")
    if not is_installed():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(pins)], check=True)


if __name__ == "__main__":
    install()
