"""Dongles over MQTT: listens in a session that outlives us, confirms what is stored, and says commands and acknowledgements."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import aiomqtt
from aiomqtt import MqttError
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.devices.dongle import lines
from app.devices.dongle.acking_client import UNCONFIRMED, AckingClient
from app.devices.dongle.hearing import Heard, Hearing
from app.devices.dongle.staying import stay
from app.devices.dongle.topics import SHARED, TO_ALL, Way, parts, requests
from app.domain.dongle import DeviceCommand, Schedule
from app.domain.errors import UnavailableError
from app.looks.health import Component, Status

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
SENT_WITHIN_S = 5.0
ONLY_ONCE = 1
"""Retain handling: what the broker kept is told when a subscription is new, not at every connection."""


@dataclass(slots=True)
class MqttDongles:
    """The way to every dongle at one broker."""

    way: Way
    hearing: Hearing
    clock: Callable[[], datetime]
    limit: Callable[[aiomqtt.Client], None]
    """Has a client take no packet without end."""
    client: AckingClient | None = None
    loop: asyncio.AbstractEventLoop | None = None
    connected_at: datetime | None = None
    connections: int = 0
    last_error: str | None = None

    async def run(self) -> None:
        """Connect and listen until cancelled."""
        self.loop = asyncio.get_running_loop()
        await stay("dongles", self._connected, self._lost, passing=(MqttError, OSError), first_retry_s=FIRST_RETRY_S)

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        """Say a command or a schedule to a device; called from any thread but the loop's own.

        Raises:
            UnavailableError: the broker did not take it.
        """
        if self.loop is None or self.client is None:
            raise UnavailableError(f"dongles: no broker at {self.way.host}:{self.way.port}: {self.last_error or 'connecting'}")
        seconds = max(1, round((what.expires - self.clock()).total_seconds()))
        text = lines.request_text(what)
        sending = asyncio.run_coroutine_threadsafe(self._publish(device, text, expires_s=seconds), self.loop)
        try:
            sending.result(SENT_WITHIN_S + 1)
        except (MqttError, TimeoutError) as error:
            raise UnavailableError(f"dongles: {device} could not be told: {error or 'the broker takes its time'}") from error

    def reaches(self, device: str) -> bool:  # noqa: ARG002  a broker reaches everybody
        """Say that everybody may be at the broker."""
        return True

    async def acknowledge(self, device: str, below_seq: int) -> None:
        """Tell a device that its log is stored so far; one that does not hear it sends again and is told again."""
        try:
            await self._publish(device, lines.ack_text(below_seq), expires_s=300)
        except MqttError as error:
            log.warning("dongles: %s was not told that its log is stored: %s", device, error)

    def component(self, now: datetime) -> Component:
        """Return the state of the connection for /health."""
        where = f"{self.way.host}:{self.way.port}"
        age_s = self.hearing.age_s(now)
        counts, waiting = self.hearing.intake.counts, self.hearing.waiting.qsize()
        told = f"{counts.stored} samples stored, {counts.rejected.total()} dead letters, {waiting} waiting"
        if self.connected_at is None:
            status = Status.UNKNOWN if self.last_error is None else Status.FAILED
            return Component(name="dongles", status=status, age_s=age_s, detail=f"{where}: {self.last_error or 'connecting'}; {told}")
        if self.hearing.last_error is not None:
            return Component(name="dongles", status=Status.FAILED, age_s=age_s, detail=f"{self.hearing.last_error}; {told}")
        return Component(name="dongles", status=Status.OK, age_s=age_s, detail=f"listening at {where}; {told}")

    async def _connected(self) -> None:
        try:
            asking = AckingClient(self.way, self._heard)
            self.limit(asking)
            async with asking as client:
                self.client, self.connected_at, self.last_error = client, self.clock(), None
                self.connections += 1
                options = SubscribeOptions(qos=1, retainHandling=ONLY_ONCE)
                for topic in (*SHARED, *TO_ALL):
                    await client.subscribe(topic, options=options)
                await client.until_lost()
        finally:
            self.client = self.connected_at = None

    def _lost(self, why: str) -> None:
        self.last_error = why

    def _heard(self, client: AckingClient, message: MQTTMessage) -> None:
        if self.hearing.waiting.qsize() >= UNCONFIRMED:  # more than was agreed: it is not confirmed, and comes again
            return
        device, kind = parts(message.topic)
        payload = bytes(message.payload[: lines.MOST_BYTES + 1])
        self.hearing.waiting.put_nowait(Heard(device, kind, payload, partial(client.ack, message.mid)))

    async def _publish(self, device: str, text: str, *, expires_s: int) -> None:
        if self.client is None:
            raise MqttError("no connection to the broker")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = expires_s
        await self.client.publish(requests(device), text, qos=1, properties=properties, timeout=SENT_WITHIN_S)
