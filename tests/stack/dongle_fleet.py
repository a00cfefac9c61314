"""Many dongles behind one connection, as processes and tests need them: live samples, and logs that are kept until acknowledged."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

LIVE_S, MINUTE_S = 10, 60
PER_CYCLE = 6
"""Cycles of live samples in a minute."""
RESENT_AFTER_S = 300.0


@dataclass
class Log:
    """The records of one dongle that nobody has acknowledged."""

    kept: dict[int, int] = field(default_factory=dict)
    """The instant of each record, by its number."""
    next_seq: int = 0
    acked: int = 0


@dataclass
class Fleet:
    """So many dongles, speaking at the real pace: each a live sample every 10 s and a record every minute."""

    count: int
    host: str
    port: int
    username: str
    password: str
    ca_file: str | None = None
    resent_after_s: float = RESENT_AFTER_S
    logs: list[Log] = field(default_factory=list)
    live_sent: int = 0
    live_lost: int = 0
    """Taken while there was no link: a dongle does not keep those."""
    records: int = 0
    resent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    client: paho.Client = field(init=False)
    unconfirmed: int = 0

    def __post_init__(self) -> None:
        self.logs = [Log() for _ in range(self.count)]
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"fleet-{self.port}", protocol=paho.MQTTv5)
        self.client.username_pw_set(self.username, self.password)
        if self.ca_file:
            self.client.tls_set(self.ca_file)
        self.client.max_inflight_messages_set(2000)
        self.client.max_queued_messages_set(0)
        self.client.reconnect_delay_set(1, 2)
        self.client.on_connect = self._connected
        self.client.on_message = self._told

    def device(self, n: int) -> str:
        return f"bat_{n:06d}"

    def start(self) -> None:
        self.client.connect_async(self.host, self.port, keepalive=15)
        self.client.loop_start()
        until = time.monotonic() + 15
        while not self.client.is_connected():
            assert time.monotonic() < until, "the fleet cannot connect"
            time.sleep(0.05)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def run(self, seconds: float, *, factor: float = 1.0) -> None:
        """Speak for so long. A factor above 1 makes the dongles' clocks run that much faster than ours, from earlier on."""
        started, steps = time.time(), round(LIVE_S * 10)
        offset = seconds * (factor - 1)
        begun = (started - offset) // LIVE_S * LIVE_S
        phase = 0
        while True:
            step_at = started + phase * LIVE_S / factor / steps
            if step_at - started >= seconds:
                return
            time.sleep(max(0.0, step_at - time.time()))
            cycle, step = divmod(phase, steps)
            ts = int(begun + cycle * LIVE_S)
            for n in range(step * self.count // steps, (step + 1) * self.count // steps):
                self._live(n, ts)
                if (ts // LIVE_S) % PER_CYCLE == 0:
                    self._record(n, ts - 1)
            phase += 1

    def waiting(self) -> int:
        """Return how many records nobody has acknowledged."""
        with self.lock:
            return sum(len(log.kept) for log in self.logs)

    def resend(self) -> None:
        """Send every log again from its first record, as a dongle does that hears no acknowledgement."""
        with self.lock:
            held = [(n, seq, ts) for n, log in enumerate(self.logs) for seq, ts in sorted(log.kept.items())]
        for n, seq, ts in held:
            self._say(n, sample(ts, MINUTE_S, seq))
        self.resent += len(held)

    def statuses(self) -> None:
        """Say what every dongle is."""
        for n, log in enumerate(self.logs):
            with self.lock:
                oldest = min(log.kept, default=log.next_seq)
            said = {
                "v": 1,
                "online": True,
                "ts": int(time.time()),
                "fw": "0.1.0",
                "next_seq": log.next_seq,
                "acked": log.acked,
                "oldest": oldest,
            }
            self.client.publish(f"devices/{self.device(n)}/status", json.dumps(said), qos=1, retain=True)

    def _live(self, n: int, ts: int) -> None:
        if not self.client.is_connected():
            self.live_lost += 1
            return
        self._say(n, sample(ts, LIVE_S, None))
        self.live_sent += 1

    def _record(self, n: int, ts: int) -> None:
        log = self.logs[n]
        with self.lock:
            seq = log.next_seq
            log.next_seq += 1
            log.kept[seq] = ts
        self.records += 1
        if self.client.is_connected():
            self._say(n, sample(ts, MINUTE_S, seq))

    def _say(self, n: int, text: str) -> None:
        self.client.publish(f"devices/{self.device(n)}/telemetry", text, qos=1)

    def _connected(self, client: paho.Client, *_: Any) -> None:  # noqa: ANN401
        client.subscribe("devices/+/commands/request", qos=1)

    def _told(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        said = json.loads(message.payload)
        if "ack" not in said:
            return
        log = self.logs[int(message.topic.split("/")[1].removeprefix("bat_"))]
        with self.lock:
            log.acked = max(log.acked, said["ack"])
            for seq in [each for each in log.kept if each < log.acked]:
                del log.kept[seq]


def sample(ts: int, span_s: int, seq: int | None) -> str:
    """Return a message as a dongle says it."""
    number = "" if seq is None else f'"seq":{seq},'
    return (
        f'{{"v":1,"ts":{ts},"span_s":{span_s},{number}"battery.soc":{ts % 100},"battery.power":{ts % 5000},"battery.voltage":51.2,'
        f'"battery.current":{ts % 100},"battery.temperature":24.5,"grid.power":320,"pv.power":1800,"load.power":620,"state":"remote"}}'
    )
