"""Listening: everything that runs for as long as dongles are listened to, over whatever they are reached."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.devices.dongle.hearing import Hearing
from app.domain.dongle import DeviceCommand, Schedule
from app.domain.errors import UnavailableError
from app.fleet import ports as fleet_ports
from app.looks.health import Component

log = logging.getLogger(__name__)

ACKS_EVERY_S = 1.0
ROLLED_EVERY_S = 15.0
DAYS_KEPT_EVERY_S = 3600.0


class Transport(Protocol):
    """A way to dongles."""

    async def run(self) -> None:
        """Listen until cancelled."""
        ...

    async def acknowledge(self, device: str, below_seq: int) -> None:
        """Tell a device how far its log is stored, if this is the way to it."""
        ...

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        """Say it to a device."""
        ...

    def reaches(self, device: str) -> bool:
        """Tell whether this is the way to a device."""
        ...

    def component(self, now: datetime) -> Component:
        """Return the state of the connection for /health."""
        ...


@dataclass(slots=True)
class Listening:
    """Hears, stores, acknowledges, rolls up and forgets."""

    hearing: Hearing
    transports: Sequence[Transport]
    rollups: fleet_ports.Rollups
    keep_days: Callable[[datetime], object]
    clock: Callable[[], datetime]

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.hearing.run())
            for transport in self.transports:
                group.create_task(transport.run())
            group.create_task(_again_and_again(ACKS_EVERY_S, self._acknowledge))
            group.create_task(_again_and_again(ROLLED_EVERY_S, self._roll))
            group.create_task(_again_and_again(DAYS_KEPT_EVERY_S, self._keep_days))

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        """Say a command or a schedule to a device, by the way that leads to it; called from any thread but the loop's own.

        Raises:
            UnavailableError: there is none, or it did not take it.
        """
        way = next((each for each in self.transports if each.reaches(device)), None)
        if way is None:
            raise UnavailableError(f"there is no way to {device}: set OPTIMIZER_MQTT__HOST or OPTIMIZER_DONGLES__DIRECT")
        way.send(what, device)

    async def _acknowledge(self) -> None:
        for device, below_seq in (await asyncio.to_thread(self.hearing.intake.acks_due, self.clock())).items():
            for transport in self.transports:
                if transport.reaches(device):
                    await transport.acknowledge(device, below_seq)
                    break

    async def _roll(self) -> None:
        self.hearing.intake.counts.rolled += await asyncio.to_thread(self.rollups.roll, self.clock())

    async def _keep_days(self) -> None:
        await asyncio.to_thread(self.keep_days, self.clock())


async def _again_and_again(every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Work every so often; what fails is tried again at the next turn."""
    while True:
        try:
            await work()
        except UnavailableError as error:
            log.warning("dongles: %s", error)
        except Exception:  # the loop's top
            log.exception("dongles: unforeseen")
        await asyncio.sleep(every_s)
