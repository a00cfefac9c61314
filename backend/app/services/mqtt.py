"""The MQTT connection: keeps it, shows the device, hears its controls. Everything else happens in the device."""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import aiomqtt
from aiomqtt import Client, MqttError, ProtocolVersion, Will

from app.domain.errors import OptimizerError
from app.services.home_assistant_device import HomeAssistantDevice

log = logging.getLogger(__name__)

SHOW_EVERY_S = 30.0
"""Values change every half hour and on command; this finds every other change soon enough."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
KEEPALIVE_S = 15
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
    connected: bool = False
    last_error: str | None = None
    sent: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Connect, show and listen until cancelled."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                async with self._client() as client:
                    self.connected, self.last_error, wait_s = True, None, FIRST_RETRY_S
                    await self._serve(client)
            except MqttError as error:
                self.last_error = str(error)
                log.warning("mqtt: %s; trying again in %.0f s", error, wait_s)
            finally:
                self.connected = False
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_RETRY_S, 2 * wait_s)

    def _client(self) -> Client:
        tls = ssl.create_default_context(cafile=self.broker.ca_file) if self.broker.ca_file else None
        return Client(
            self.broker.host,
            self.broker.port,
            username=self.broker.username,
            password=self.broker.password,
            identifier=self.broker.client_id,
            protocol=ProtocolVersion.V5,
            keepalive=KEEPALIVE_S,
            tls_context=tls,
            will=Will(self.device.topics.availability, "offline", qos=1, retain=True),
        )

    async def _serve(self, client: Client) -> None:
        await client.subscribe(self.device.topics.command("+"), qos=1)
        await client.subscribe(HOME_ASSISTANT_STATUS, qos=1)
        await self._announce(client)
        showing = asyncio.create_task(self._keep_showing(client))
        try:
            async for message in client.messages:
                await self._hear(client, message)
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError, MqttError):
                await showing

    async def _announce(self, client: Client) -> None:
        """Say everything anew: after a connection, and whenever Home Assistant has started."""
        self.sent.clear()
        topic, document = self.device.announcement()
        await client.publish(topic, json.dumps(document), qos=1, retain=True)
        await client.publish(self.device.topics.availability, "online", qos=1, retain=True)
        await self._show(client)

    async def _keep_showing(self, client: Client) -> None:
        while True:
            await asyncio.sleep(self.show_every_s)
            await self._show(client)

    async def _show(self, client: Client) -> None:
        """Publish what changed."""
        try:
            shown = await asyncio.to_thread(lambda: list(self.device.shown(self.clock())))
        except OptimizerError as error:
            log.warning("mqtt: nothing to show: %s", error)
            return
        for topic, value in shown:
            text = json.dumps(value)
            if self.sent.get(topic) != text:
                await client.publish(topic, text, qos=1, retain=True)
                self.sent[topic] = text

    async def _hear(self, client: Client, message: aiomqtt.Message) -> None:
        text = bytes(message.payload).decode(errors="replace") if isinstance(message.payload, bytes | bytearray) else str(message.payload)
        if message.topic.matches(HOME_ASSISTANT_STATUS):
            if text == "online":
                await self._announce(client)
            return
        if message.retain:
            return
        key = message.topic.value.split("/")[-2]
        try:
            await asyncio.to_thread(self.device.obey, key, text, self.clock())
        except OptimizerError as error:
            log.warning("mqtt: %s: %s", key, error)
        await self._show(client)
