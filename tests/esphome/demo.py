"""From nothing to live data: a simulated inverter, the real firmware as a Linux program, and the optimizer that reads and drives it.

python -m tests.esphome.demo [--port 8000]      runs until it is stopped; `make demo-dongle` installs what it needs first
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.esphome.firmware import HOST, build
from tests.esphome.host import SUNNY_W, fox, house
from tests.stack.home_assistant import free_port

DEVICE = "bat_demo"
READY_WITHIN_S = 60.0
STOPS_WITHIN_S = 20.0


def serve(port: int, dongle_port: int, folder: Path) -> "subprocess.Popen[bytes]":
    """Start an optimizer with a database of its own that reaches the dongle over its native API."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPTIMIZER_")}
    given = {
        "OPTIMIZER_API__PORT": str(port),
        "OPTIMIZER_DATABASE__URL": f"sqlite:///{folder}/battery_optimizer.db",
        "OPTIMIZER_TARIFF__SOURCE": "simulated",
        "OPTIMIZER_DONGLES__DIRECT": json.dumps([{"device": DEVICE, "host": HOST, "port": dongle_port}]),
    }
    program = Path(sys.executable).with_name("battery-optimizer")
    return subprocess.Popen([str(program), "serve"], cwd=folder, env=clean | given)


async def hand_over(url: str) -> None:
    """Let the dongle carry decisions out, as soon as the optimizer answers."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http, asyncio.timeout(READY_WITHIN_S):
        while True:
            with contextlib.suppress(httpx.TransportError):
                (await http.put("/api/v1/settings/control", json={"controller": f"dongle:{DEVICE}"})).raise_for_status()
                return
            await asyncio.sleep(0.2)


async def run(port: int) -> None:
    running = asyncio.current_task()
    assert running is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)  # so that everything it started ends with it
    with tempfile.TemporaryDirectory(prefix="dongle-demo-") as name:
        folder, dongle_port = Path(name), free_port()
        print("building the firmware; a minute the first time", flush=True)  # noqa: T201  (a command's answer)
        program = build(folder)
        async with house(program, folder, inverter=fox(solar_w=SUNNY_W), port=dongle_port, connect=False):
            optimizer = serve(port, dongle_port, folder)
            try:
                await hand_over(f"http://{HOST}:{port}")
                print(f"a simulated inverter, read and driven by the dongle's real firmware: http://{HOST}:{port}", flush=True)  # noqa: T201
                await asyncio.to_thread(optimizer.wait)
            finally:
                optimizer.terminate()
                optimizer.wait(STOPS_WITHIN_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
