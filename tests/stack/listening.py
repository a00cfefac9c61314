"""The service that only listens, as a process of its own on a real broker and a real database."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.audit import AuditEntry
from app.domain.device import Device, DeviceStanding
from app.domain.site import HOME
from app.storage.database import Database
from app.storage.device_models import DeviceRow
from app.storage.devices import DeviceStore
from app.storage.upsert import upsert
from tests.stack.mosquitto import Mosquitto
from tests.stack.service import STOP_LIMIT_S, program
from tests.telemetry import NOON


@dataclass
class Listener:
    """`battery-optimizer listen`, which may be killed and started again."""

    folder: Path
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "listen.out"

    def start(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OPTIMIZER_")}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [program(), "listen"], cwd=self.folder, env=clean | dict(self.settings), stdout=out, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def cpu_s(self) -> float:
        """Return the seconds of a core it has used since it was started."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        assert self.process is not None
        line = next(each for each in Path(f"/proc/{self.process.pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(STOP_LIMIT_S)
        self.process = None


def settings(broker: Mosquitto, url: str, **more: str) -> dict[str, str]:
    return broker.settings() | {"OPTIMIZER_DATABASE__URL": url} | more


def claim(database: Database, devices: list[str]) -> None:
    """Claim devices for home, as a person does one by one."""
    rows = [
        {
            "id": device,
            "standing": DeviceStanding.CLAIMED,
            "site": HOME,
            "title": "",
            "gateway": None,
            "first_seen": NOON,
            "claimed_by": "test",
            "claimed_at": NOON,
        }
        for device in devices
    ]
    database.write(lambda session: upsert(session, DeviceRow, rows))


def revoke(database: Database, device: str) -> None:
    shut_out = Device(id=device, standing=DeviceStanding.REVOKED, site=HOME, first_seen=NOON)
    DeviceStore(database).put(shut_out, AuditEntry(at=NOON, actor="test", action="device.revoked", subject=device))


def wait_for(what: Callable[[], bool], within_s: float, why: Callable[[], object]) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, why()
        time.sleep(0.2)
