"""One connection to the broker for each house: every house is a device of its own in Home Assistant."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.site import SiteId
from app.looks.health import Component
from app.services.mqtt import MqttBridge

LOOK_EVERY_S = 2.0
"""How soon a house that was described just now gets its device."""


@dataclass(slots=True)
class MqttBridges:
    """Runs for as long as the service; a house that comes later is connected later."""

    sites: Callable[[], Iterable[SiteId]]
    make: Callable[[SiteId], MqttBridge]
    look_every_s: float = LOOK_EVERY_S
    bridges: dict[SiteId, MqttBridge] = field(default_factory=dict)

    async def run(self) -> None:
        """Connect every house until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for site in [site for site in self.sites() if site not in self.bridges]:
                    self.bridges[site] = self.make(site)
                    tasks.create_task(self.bridges[site].run())
                await asyncio.sleep(self.look_every_s)

    def components(self, site: SiteId, now: datetime) -> Iterator[Component]:
        """Yield the state of a house's connection for /health."""
        bridge = self.bridges.get(site)
        if bridge is not None:
            yield bridge.component(now)
