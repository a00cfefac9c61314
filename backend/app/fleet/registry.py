"""Fleet: what is known of a site's devices, for whoever looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.device import Device
from app.domain.dongle import DeviceCommand, DeviceState
from app.domain.errors import NotFoundError
from app.domain.site import SiteId
from app.domain.telemetry import Rolled, Sample
from app.fleet import ports
from app.fleet.drive import Drive
from app.fleet.intake import Counts, Intake

FRESH = timedelta(seconds=35)
"""Three live samples and a little: what is older is late."""
RAW_FOR = timedelta(hours=6)
"""A longer span is told in five-minute means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A device and what is known of it."""

    device: Device
    state: DeviceState | None


@dataclass(slots=True)
class Fleet:
    """Looks devices up, a site's own and those nobody has claimed."""

    devices: ports.Devices
    states: ports.DeviceStates
    telemetry: ports.Telemetry
    rollups: ports.Rollups
    commands: ports.DeviceCommands
    drive: Drive
    intake: Intake | None = None
    waiting: Callable[[], int] = lambda: 0
    """Messages that were heard and are not stored yet."""

    @property
    def counts(self) -> Counts:
        """How the intake does; all zero where nobody listens."""
        return self.intake.counts if self.intake is not None else Counts()

    def seen(self, site: SiteId) -> list[Seen]:
        """Return a site's devices and the unclaimed ones, by id."""
        mine = [each for each in self.devices.all() if each.site in {site, None}]
        states = {state.device: state for state in self.states.of([each.id for each in mine])}
        return [Seen(device=each, state=states.get(each.id)) for each in mine]

    def one(self, site: SiteId, device: str, *, strangers: bool = True) -> Seen:
        """Return one of them; unless strangers are seen, one of the site's own.

        Raises:
            NotFoundError: there is none of that id that this site may see.
        """
        found = self.devices.get(device)
        if found is None or found.site not in ({site, None} if strangers else {site}):
            raise NotFoundError(f"no device {device!r}")
        return Seen(device=found, state=self.states.get(device))

    def measured(self, site: SiteId, device: str, start: datetime, end: datetime) -> Sequence[Sample | Rolled]:
        """Return what a device measured: as sent over a short span, in five-minute means over a long one."""
        self.one(site, device)
        if end - start <= RAW_FOR:
            return self.telemetry.between(device, start, end)
        return self.rollups.between(device, start, end)

    def told(self, site: SiteId, device: str, start: datetime, end: datetime) -> list[DeviceCommand]:
        """Return what a device was told, and what it answered."""
        self.one(site, device)
        return self.commands.between(device, start, end)
