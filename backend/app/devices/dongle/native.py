"""A dongle without a broker, over ESPHome's native API: the same lines go in by an action and come out as events."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aioesphomeapi import HomeassistantServiceCall, UserService
from aioesphomeapi.client import APIClient
from aioesphomeapi.core import APIConnectionError

from app.devices.dongle import lines
from app.devices.dongle.hearing import Heard, Hearing, Kind
from app.devices.dongle.staying import stay
from app.domain.dongle import DeviceCommand, Schedule
from app.domain.errors import UnavailableError
from app.looks.health import Component, Status

log = logging.getLogger(__name__)

CLIENT = "battery-optimizer"
"""A dongle holds its log back until a client of this name speaks to it."""
EVENT = "esphome.battery_dongle"
ACTION = "request"
KINDS = {"telemetry": Kind.TELEMETRY, "status": Kind.STATUS, "response": Kind.ANSWER}
FIRST_RETRY_S = 1.0
SENT_WITHIN_S = 5.0
MOST_WAITING = 4000
"""Beyond, what comes is let go: the log has it, and sends it again."""


@dataclass(slots=True)
class NativeDongle:
    """The way to one dongle."""

    device: str
    host: str
    port: int
    key: str | None
    hearing: Hearing
    clock: Callable[[], datetime]
    client: APIClient | None = None
    action: UserService | None = None
    loop: asyncio.AbstractEventLoop | None = None
    last_error: str | None = None

    async def run(self) -> None:
        """Connect and listen until cancelled."""
        self.loop = asyncio.get_running_loop()
        name = f"{self.device} at {self.host}:{self.port}"
        await stay(name, self._connected, self._lost, passing=(APIConnectionError, OSError), first_retry_s=FIRST_RETRY_S)

    def reaches(self, device: str) -> bool:
        """Tell whether it is this one."""
        return device == self.device

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        """Say a command or a schedule; called from any thread but the loop's own.

        Raises:
            UnavailableError: the dongle did not take it.
        """
        if self.loop is None or self.action is None:
            raise UnavailableError(f"{device} at {self.host}:{self.port}: {self.last_error or 'connecting'}")
        text = lines.request_text(what)
        try:
            asyncio.run_coroutine_threadsafe(self._say(text), self.loop).result(SENT_WITHIN_S)
        except (APIConnectionError, TimeoutError) as error:
            raise UnavailableError(f"{device} could not be told: {error}") from error

    async def acknowledge(self, device: str, below_seq: int) -> None:
        """Tell the dongle how far its log is stored; one that does not hear it sends again and is told again."""
        try:
            await self._say(lines.ack_text(below_seq))
        except APIConnectionError as error:
            log.warning("%s was not told that its log is stored: %s", device, error)

    def component(self, now: datetime) -> Component:
        """Return the state of the connection for /health."""
        where = f"{self.host}:{self.port}"
        age_s = self.hearing.age_s(now)
        if self.action is None:
            status = Status.UNKNOWN if self.last_error is None else Status.FAILED
            return Component(name=self.device, status=status, age_s=age_s, detail=f"{where}: {self.last_error or 'connecting'}")
        if self.hearing.last_error is not None:
            return Component(name=self.device, status=Status.FAILED, age_s=age_s, detail=self.hearing.last_error)
        return Component(name=self.device, status=Status.OK, age_s=age_s, detail=f"listening at {where}")

    async def _connected(self) -> None:
        gone = asyncio.Event()

        async def stopped(_expected: bool) -> None:  # noqa: FBT001  aioesphomeapi's own signature
            gone.set()

        client = APIClient(self.host, self.port, None, noise_psk=self.key, client_info=CLIENT)
        try:
            await client.connect(on_stop=stopped, login=True)
            _, actions = await client.list_entities_services()
            self.action = next((each for each in actions if each.name == ACTION), None)
            if self.action is None:
                raise APIConnectionError(f"it has no action {ACTION!r}: is it a battery dongle?")
            self.client, self.last_error = client, None
            client.subscribe_service_calls(self._heard)
            await self._say(lines.ack_text(0))  # an old one changes nothing, but says that somebody listens
            await gone.wait()
        finally:
            self.client = self.action = None
            await client.disconnect(force=True)

    def _lost(self, why: str) -> None:
        self.last_error = why

    def _heard(self, call: HomeassistantServiceCall) -> None:
        kind = KINDS.get(call.data.get("kind", ""))
        if not call.is_event or call.service != EVENT or kind is None or self.hearing.waiting.qsize() >= MOST_WAITING:
            return
        self.hearing.waiting.put_nowait(Heard(self.device, kind, call.data.get("line", "").encode(), _nobody_waits))

    async def _say(self, text: str) -> None:
        if self.client is None or self.action is None:
            raise APIConnectionError("not connected")
        await self.client.execute_service(self.action, {"line": text})


def _nobody_waits() -> None:
    """Confirm nothing: the log's own acknowledgement does."""
