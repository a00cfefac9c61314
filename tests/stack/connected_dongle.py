"""A dongle that stays connected: it comes back by itself when its connection ends, and keeps what the broker has not confirmed."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.stack.dongle_door import HOST
from tests.stack.home_assistant import until

COMES_WITHIN_S = 10.0


@dataclass
class ConnectedDongle:
    """One at the door for dongles, with a session that the broker keeps, over MQTT 3.1.1 as ESPHome speaks it."""

    device: str
    port: int
    folder: Path
    """Where its key, its certificate and the folder of the authority are."""
    heard: list[str] = field(default_factory=list)
    cut_at: list[float] = field(default_factory=list)
    """When its connection ended, by the steady clock, or a try to get a new one."""
    times_in: int = 0
    said: int = 0
    confirmed: int = 0
    listens: threading.Event = field(default_factory=threading.Event)
    client: paho.Client = field(init=False)

    def come(self) -> None:
        """Connect to the session that the broker keeps, and listen for orders."""
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=self.device, clean_session=False)
        certificate, key = (str(self.folder / f"{self.device}.{ending}") for ending in ("crt", "key"))
        self.client.tls_set(str(self.folder / "dongles" / "ca.crt"), certificate, key)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_queued_messages_set(0)
        self.client.on_connect = self._came
        self.client.on_subscribe = lambda *_: self.listens.set()
        self.client.on_publish = self._confirmed
        self.client.on_message = lambda _client, _data, message: self.heard.append(message.payload.decode())
        self.client.on_disconnect = lambda *_: self.cut_at.append(time.monotonic())
        self.listens.clear()
        self.client.connect(HOST, self.port, keepalive=15)
        self.client.loop_start()
        until(self.listens.is_set, COMES_WITHIN_S, f"{self.device} listens")

    @property
    def is_in(self) -> bool:
        return self.client.is_connected()

    def say(self, kind: str, text: str) -> None:
        """Say something that is kept and said again until the broker confirms it."""
        self.said += 1
        self.client.publish(f"devices/{self.device}/{kind}", text, qos=1)

    def go(self) -> None:
        """End the connection; the session stays."""
        self.client.disconnect()
        self.client.loop_stop()
        del self.client  # closes what paho leaves open

    def _came(self, client: paho.Client, *_: object) -> None:
        self.times_in += 1
        client.subscribe(f"devices/{self.device}/commands/request", qos=1)

    def _confirmed(self, *_: object) -> None:
        self.confirmed += 1
