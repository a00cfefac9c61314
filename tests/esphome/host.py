"""A dongle without hardware: a simulated inverter, a wire and the real firmware as a Linux program.

python -m tests.esphome.host [--port 6053] [--folder DIR]      runs until it is stopped; ESPHome's native API is on that port
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.templates.catalogue import FOLDER
from app.templates.template import load
from tests.esphome.firmware import INVERTER, Firmware, build
from tests.esphome.simulator import house as simulated
from tests.esphome.simulator.inverter import Inverter
from tests.esphome.simulator.serving import Faults, OnBus
from tests.esphome.wire import Wire
from tests.stack.home_assistant import free_port

SUNNY_W = 1800


@dataclass
class House:
    """What hangs together."""

    on_bus: OnBus
    wire: Wire
    dongle: Firmware

    @property
    def inverter(self) -> Inverter:
        return self.on_bus.inverter

    @property
    def faults(self) -> Faults:
        return self.on_bus.faults


def fox(*, solar_w: float = 0) -> Inverter:
    """Return the inverter of host.yaml, in a house of 600 W."""
    return Inverter(load(FOLDER / f"{INVERTER}.yaml"), time.monotonic, simulated.House(solar_w=solar_w))


@asynccontextmanager
async def house(program: Path, folder: Path, *, inverter: Inverter, port: int = 0, connect: bool = True) -> AsyncIterator[House]:
    """Start inverter, wire and dongle, and stop them at the end. What the dongle keeps over power cuts is in the folder."""
    wire = Wire(folder / "dongle-end", folder / "inverter-end", inverter.template.connect.baud)
    on_bus = OnBus(inverter)
    dongle = Firmware(program, folder / "flash", wire.firmware_end, port or free_port(), free_port())
    await wire.start()
    try:
        await on_bus.serve_rtu(wire.inverter_end)
        await dongle.start()
        if connect:
            await dongle.connect()
        yield House(on_bus, wire, dongle)
    finally:
        await dongle.power_off()
        await on_bus.stop()
        await wire.stop()


async def _run(port: int, kept: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="dongle-") as name:
        folder = kept or Path(name)
        async with house(build(Path(name)), folder, inverter=fox(solar_w=SUNNY_W), port=port, connect=False):
            print(f"the dongle answers on 127.0.0.1:{port}; Ctrl-C ends it")  # noqa: T201  (a command's answer)
            await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=6053)
    parser.add_argument("--folder", type=Path, help="where the dongle keeps what a power cut must not take; default: forgotten at the end")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(arguments.port, arguments.folder))


if __name__ == "__main__":
    main()
