"""How long a reading takes into the database, and an order into the register: `python -m tests.bench.bench_dongle`.

Five dongles' real firmware at the real pace of 10 s, each on a wire of 9600 baud that damages two frames in a hundred, with a simulated
inverter of its own; the backend reaches them over ESPHome's native API and stores into SQLite. A reading counts from the instant its sample
is taken to the commit, an order from the call to the register, and again to the dongle's own confirmation. Ends with 1 over budget.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from app.devices.dongle.hearing import Hearing
from app.devices.dongle.listening import Listening
from app.devices.dongle.native import NativeDongle
from app.domain.decision import Command
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand
from app.domain.site import HOME, Mode
from app.domain.telemetry import Sample
from app.fleet.intake import Intake
from app.storage.audit import AuditStore
from app.storage.database import Database, upgrade
from app.storage.device_states import DeviceStateStore
from app.storage.devices import DeviceStore
from app.storage.rollup import RollupStore
from app.storage.telemetry import TelemetryStore
from tests.esphome import firmware
from tests.esphome.host import House, fox, house
from tests.stack.listening import claim

LIVE_S = 10
DAMAGED = 0.02
IN_DATABASE_S, IN_REGISTER_S = 5.0, 2.0
"""The budgets of the 95th percentile."""
READY_S, ANSWERED_S = 60.0, 30.0


@dataclass(slots=True)
class StampedTelemetry(TelemetryStore):
    """The store, which notes when each live sample was safe."""

    stored_s: dict[tuple[str, datetime], float] = field(default_factory=dict)
    complete: set[tuple[str, datetime]] = field(default_factory=set)

    def save(self, samples: Sequence[Sample], received_at: datetime) -> int:
        new = TelemetryStore.save(self, samples, received_at)
        for each in samples:
            if each.seq is None:
                self.stored_s.setdefault((each.device, each.at), time.time())
            if each.seq is None and each.soc_pct is not None and each.grid_kw is not None:
                self.complete.add((each.device, each.at))
        return new


@dataclass
class Bench:
    """All parts, running."""

    store: StampedTelemetry
    houses: dict[str, House]
    ways: dict[str, NativeDongle]
    answers: list[tuple[float, CommandAnswer]]
    to_register_s: list[float] = field(default_factory=list)
    to_confirmed_s: list[float] = field(default_factory=list)
    unconfirmed: int = 0

    async def order(self, device: str, turn: int) -> None:
        """Give one order, and note when it was in the register and when it was confirmed."""
        inverter, mode = self.houses[device].inverter, Mode.FORCE_CHARGE if turn % 2 else Mode.FORCE_DISCHARGE
        written, now = len(inverter.writes), clock()
        command = DeviceCommand(
            id=f"{device}.{turn}", device=device, site=HOME, issued=now, expires=now + timedelta(seconds=60),
            until=now + timedelta(seconds=600), command=Command(mode=mode, power_kw=1 + turn / 100), sent_by="bench",
        )  # fmt: skip
        asked = time.monotonic()
        await asyncio.to_thread(self.ways[device].send, command, device)
        try:
            await until(partial(self._ended, command.id), ANSWERED_S)
        except TimeoutError:
            self.unconfirmed += 1
            return
        at, last = next((at, each) for at, each in self.answers if each.command_id == command.id and each.answer != Answer.ACCEPTED)
        if last.answer != Answer.CONFIRMED:
            self.unconfirmed += 1
            return
        self.to_confirmed_s.append(at - asked)
        self.to_register_s.append(next(at for at, _, control, _ in inverter.writes[written:] if control == "power") - asked)

    def _ended(self, order: str) -> bool:
        return any(each.command_id == order and each.answer != Answer.ACCEPTED for _, each in self.answers)


def clock() -> datetime:
    return datetime.now(UTC)


async def until(true: Callable[[], object], within_s: float) -> None:
    """Wait for something to become true.

    Raises:
        TimeoutError: it did not.
    """
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {within_s:.0f} s")
        await asyncio.sleep(0.02)


async def run(folder: Path, dongles: int, readings: int, orders: int) -> Bench:
    """Measure for as long as so many readings take, giving the orders meanwhile."""
    url = f"sqlite:///{folder}/bench.db"
    upgrade(url)
    database = Database.open(url)
    devices = [f"bat_{n}" for n in range(dongles)]
    claim(database, devices)
    program = firmware.build(folder, poll="5s", modbus_pause="50ms")  # as on a real one
    store, answers = StampedTelemetry(database), list[tuple[float, CommandAnswer]]()
    intake = Intake(store, DeviceStateStore(database), DeviceStore(database), AuditStore(database))
    hearing = Hearing(intake, lambda answer, _: answers.append((time.monotonic(), answer)), clock)
    async with AsyncExitStack() as running:
        bench = Bench(store, {}, {}, answers)
        for device in devices:
            (folder / device).mkdir()
            started = await running.enter_async_context(house(program, folder / device, inverter=fox(solar_w=1800), connect=False))
            started.wire.damaged = DAMAGED
            bench.houses[device] = started
            bench.ways[device] = NativeDongle(device, firmware.HOST, started.dongle.port, None, hearing, clock)
        listening = asyncio.create_task(Listening(hearing, [*bench.ways.values()], RollupStore(database), lambda _: None, clock).run())
        try:
            await until(lambda: {device for device, _ in store.complete} == set(devices), READY_S)
            began = time.monotonic()
            for turn in range(orders):
                await asyncio.sleep(max(0.0, began + turn * readings / dongles * LIVE_S / orders - time.monotonic()))
                await bench.order(devices[turn % dongles], turn)
            await until(lambda: len(store.complete) >= readings, readings / dongles * LIVE_S + READY_S)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    database.close()
    return bench


def _quantiles(name: str, found_s: list[float]) -> float:
    median, p95 = np.quantile(found_s, [0.5, 0.95])
    print(f"{name:34} {len(found_s):6} {median:9.2f} {p95:9.2f} {max(found_s):9.2f}")  # noqa: T201
    return float(p95)


def report(bench: Bench) -> bool:
    """Print the table; return whether all is within its budget."""
    print(f"{'seconds':34} {'number':>6} {'median':>9} {'p95':>9} {'longest':>9}")  # noqa: T201
    stored = _quantiles("a reading in the database", [at - key[1].timestamp() for key, at in bench.store.stored_s.items()])
    written = _quantiles("an order in the register", bench.to_register_s)
    _quantiles("an order confirmed", bench.to_confirmed_s)
    missing = 0
    for device in bench.houses:
        taken = sorted(at for of, at in bench.store.complete if of == device)
        missing += round((taken[-1] - taken[0]).total_seconds() / LIVE_S) + 1 - len(taken)
    frames, damaged = (sum(each.wire.counts[what] for each in bench.houses.values()) for what in ("frames", "damaged"))
    print(f"samples missing or incomplete: {missing} of {missing + len(bench.store.complete)}")  # noqa: T201
    print(f"orders not confirmed: {bench.unconfirmed}; frames damaged: {damaged} of {frames}")  # noqa: T201
    return not missing and not bench.unconfirmed and stored < IN_DATABASE_S and written < IN_REGISTER_S


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dongles", type=int, default=5)
    parser.add_argument("--readings", type=int, default=200, help="of all dongles together")
    parser.add_argument("--orders", type=int, default=240, help="to all dongles together")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-dongle-") as folder:
        bench = asyncio.run(run(Path(folder), asked.dongles, asked.readings, asked.orders))
    sys.exit(0 if report(bench) else 1)


if __name__ == "__main__":
    main()
