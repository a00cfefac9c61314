"""The MQTT connection: keeps it, shows the device, hears its controls. Everything else happens in the device."""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiomqtt
from aiomqtt import Client, MqttError, ProtocolVersion, Will

from app.domain.errors import OptimizerError
from app.looks.health import Component, Status
from app.services.home_assistant.discovery import EXPIRES_S
from app.services.home_assistant.mqtt_device import HomeAssistantDevice
from app.services.mqtt_limits import Waiting, limit

log = logging.getLogger(__name__)

SHOW_EVERY_S = 10.0
"""How soon a decision is shown that somebody else asked for, and what people changed elsewhere."""
REPEAT_EVERY_S = EXPIRES_S / 3
"""What did not change is said again before Home Assistant takes it for expired."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
KEEPALIVE_S = 15
GOODBYE_S = 2.0
"""How long a service that ends waits for a broker to take its `offline`."""
HEARD_WITHIN = timedelta(seconds=10)
LONGEST_WISH = 64
"""Longer payloads ask for nothing this device can do."""
HOME_ASSISTANT_STATUS = "homeassistant/status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how to get in; a CA file turns TLS on."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_id: str = "battery-optimizer"


@dataclass(slots=True)
class MqttBridge:
    """Runs for as long as the service; a lost broker is tried again with growing patience."""

    broker: Broker
    device: HomeAssistantDevice
    clock: Callable[[], datetime]
    show_every_s: float = SHOW_EVERY_S
    repeat_every_s: float = REPEAT_EVERY_S
    connected_at: datetime | None = None
    shown_at: datetime | None = None
    repeated_at: datetime | None = None
    last_error: str | None = None
    sent: dict[str, str] = field(default_factory=dict)
    announced: object = None
    """What Home Assistant was told of the device."""
    is_heard: bool = False
    """Whether our own `online` came back: a broker refuses to pass on in silence."""
    showing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Connect, show and listen until cancelled."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                async with self._client() as client:
                    self.connected_at, self.is_heard, self.last_error = self.clock(), False, None
                    await self._serve(client)
            except (MqttError, OSError) as error:
                self.last_error = str(error)
            except Exception as error:
                log.exception("mqtt: unforeseen")
                self.last_error = repr(error)
            lasted_s = 0.0 if self.connected_at is None else (self.clock() - self.connected_at).total_seconds()
            self.connected_at = None
            wait_s = FIRST_RETRY_S if lasted_s > LONGEST_RETRY_S else wait_s
            log.warning("mqtt: %s; trying again in %.0f s", self.last_error, wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_RETRY_S, 2 * wait_s)

    def component(self, now: datetime) -> Component:
        """Return the state of the connection for /health."""
        where = f"{self.broker.host}:{self.broker.port}"
        age_s = None if self.shown_at is None else (now - self.shown_at).total_seconds()
        if self.connected_at is None:
            status = Status.UNKNOWN if self.last_error is None else Status.FAILED
            return Component(name="mqtt", status=status, age_s=age_s, detail=f"{where}: {self.last_error or 'connecting'}")
        if not self.is_heard and now - self.connected_at > HEARD_WITHIN:
            own = self.device.topics.availability
            detail = f"{where} does not pass on {own}: {self._user} needs the right to read and write it"
            return Component(name="mqtt", status=Status.FAILED, age_s=age_s, detail=detail)
        return Component(name="mqtt", status=Status.OK, age_s=age_s, detail=f"connected to {where}")

    @property
    def _user(self) -> str:
        return "everybody" if self.broker.username is None else f"user {self.broker.username}"

    def _client(self) -> Client:
        tls = ssl.create_default_context(cafile=self.broker.ca_file) if self.broker.ca_file else None
        client = Client(
            self.broker.host,
            self.broker.port,
            username=self.broker.username,
            password=self.broker.password,
            identifier=self.broker.client_id,
            protocol=ProtocolVersion.V5,
            keepalive=KEEPALIVE_S,
            tls_context=tls,
            will=Will(self.device.topics.availability, "offline", qos=1, retain=True),
            queue_type=Waiting,
        )
        limit(client)
        return client

    async def _serve(self, client: Client) -> None:
        tasks: set[asyncio.Task[None]] = set()
        try:
            for topic in (self.device.topics.availability, self.device.topics.command("+"), HOME_ASSISTANT_STATUS):
                await client.subscribe(topic, qos=1)
            await self._announce(client)
            tasks = {asyncio.create_task(self._keep_showing(client)), asyncio.create_task(self._listen(client))}
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await done.pop()
        except asyncio.CancelledError:
            with contextlib.suppress(MqttError):
                await client.publish(self.device.topics.availability, "offline", qos=1, retain=True, timeout=GOODBYE_S)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _announce(self, client: Client) -> None:
        """Say everything anew: after a connection, and whenever Home Assistant has started."""
        self.sent.clear()
        await self._say_what_it_is(client)
        await self._show(client)
        await client.publish(self.device.topics.availability, "online", qos=1, retain=True)

    async def _say_what_it_is(self, client: Client) -> None:
        topic, document = self.device.announcement()
        self.announced = document
        await client.publish(topic, json.dumps(document), qos=1, retain=True)

    async def _keep_showing(self, client: Client) -> None:
        while True:
            await asyncio.sleep(self.show_every_s)
            if self.device.announcement()[1] != self.announced:  # the house was described anew: other modes, another currency
                await self._say_what_it_is(client)
            await self._show(client)

    async def _show(self, client: Client) -> None:
        """Publish what changed, and now and then what did not."""
        async with self.showing:
            now = self.clock()
            try:
                shown = await asyncio.to_thread(lambda: list(self.device.shown(now)))
            except OptimizerError as error:
                log.warning("mqtt: nothing to show: %s", error)
                return
            if self.repeated_at is None or (now - self.repeated_at).total_seconds() >= self.repeat_every_s:
                self.sent.clear()
                self.repeated_at = now
            for topic, value in shown:
                text = json.dumps(value)
                if self.sent.get(topic) != text:
                    await client.publish(topic, text, qos=1, retain=True)
                    self.sent[topic] = text
            self.shown_at = now

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            if message.retain:  # a wish of yesterday, or what we said then
                continue
            topic, said = message.topic.value, _text(message)
            if topic == self.device.topics.availability:
                self.is_heard = True
            elif topic != HOME_ASSISTANT_STATUS:
                await self._obey(topic.split("/")[-2], said)
                await self._show(client)
            elif said == "online":
                await self._announce(client)

    async def _obey(self, key: str, wish: str) -> None:
        if len(wish) > LONGEST_WISH:
            log.warning("mqtt: %s: a wish of more than %d characters", key, LONGEST_WISH)
            return
        try:
            await asyncio.to_thread(self.device.obey, key, wish, self.clock())
        except OptimizerError as error:
            log.warning("mqtt: %s: %s", key, error)


def _text(message: aiomqtt.Message) -> str:
    payload = message.payload
    return payload[: LONGEST_WISH + 1].decode(errors="replace") if isinstance(payload, bytes | bytearray) else str(payload)
