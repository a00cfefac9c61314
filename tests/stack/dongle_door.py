"""The broker's door for dongles as it is shipped, with certificates of the real authority, on free loopback ports."""

import getpass
import re
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.trust.credentials import Authority
from app.trust.holder import Holder
from tests.stack.home_assistant import free_port, until
from tests.stack.mariadb import program

HOST = "127.0.0.1"
READY_WITHIN_S = 10.0
ANSWERS_WITHIN_S = 20
SHIPPED = Path(__file__).parents[2] / "backend" / "mosquitto"
PASSWORD = "test-only-optimizer"  # noqa: S105
HEARD_BY_OPTIMIZER = ("devices/#", "battery_optimizer/#", "homeassistant/status")
LISTENER = """
user {user}
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
"""


@dataclass(frozen=True)
class Visitor:
    """Somebody at the door, with a certificate or without: what Mosquitto's own clients are told."""

    options: tuple[str, ...] = ()


@dataclass
class DoorFiles:
    """A folder with the authority's certificates, and the broker's log beside them."""

    folder: Path

    @property
    def certificates(self) -> Path:
        return self.folder / "dongles"

    @property
    def log(self) -> Path:
        return self.certificates / "log" / "mosquitto.log"

    def said(self) -> str:
        """Return what the broker has logged so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


@dataclass
class Door(DoorFiles):
    """Mosquitto with the shipped rights and the shipped listener, beside one with passwords."""

    port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; the authority must have filled the folder of certificates."""
        config, passwords = self.folder / "mosquitto.conf", self.folder / "passwords"
        passwords.touch(0o600)
        subprocess.run([program("mosquitto_passwd"), "-b", str(passwords), "optimizer", PASSWORD], check=True, capture_output=True)
        (self.folder / "acl").write_text((SHIPPED / "acl").read_text())
        shipped = (SHIPPED / "dongles.conf").read_text().replace("/dongles/", f"{self.certificates}/")
        shipped, listeners = re.subn("^listener 8884$", f"listener {self.port} {HOST}", shipped, flags=re.MULTILINE)
        assert listeners == 1
        config.write_text(LISTENER.format(user=getpass.getuser(), port=self.plain_port, folder=self.folder) + shipped)
        self.process = subprocess.Popen([program("mosquitto"), "-c", str(config)], stderr=subprocess.DEVNULL)
        until(lambda: f"Opening ipv4 listen socket on port {self.port}" in self.said(), READY_WITHIN_S, "it listens")

    def reload(self) -> None:
        """Have it read the list of revoked certificates anew."""
        assert self.process is not None
        before = self.said().count("Reloading config")
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.said().count("Reloading config") > before, READY_WITHIN_S, "it reloads")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(READY_WITHIN_S)

    def says(self, who: Visitor, topic: str, text: str = "{}", *more: str) -> "subprocess.CompletedProcess[str]":
        """Have somebody say something at the door for dongles."""
        options = ["-V", "5", "-q", "1", "-t", topic, "-m", text, *who.options, *more]
        return self._run("mosquitto_pub", self.port, ["--cafile", str(self.certificates / "ca.crt"), *options])

    def hears(self, who: Visitor, topics: str, *more: str) -> "subprocess.Popen[str]":
        """Have somebody listen at the door for dongles."""
        options = ["--cafile", str(self.certificates / "ca.crt"), "-t", topics, "-v", "-W", str(ANSWERS_WITHIN_S), *who.options, *more]
        command = [program("mosquitto_sub"), "-h", HOST, "-p", str(self.port), *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def retained(self) -> dict[str, str]:
        """Return what the optimizer would be told when it comes, of all dongles and of itself."""
        topics = [option for topic in HEARD_BY_OPTIMIZER for option in ("-t", topic)]
        options = ["-u", "optimizer", "-P", PASSWORD, *topics, "-v", "--retained-only", "-W", "1"]
        told = self._run("mosquitto_sub", self.plain_port, options)
        return dict(line.split(" ", 1) for line in told.stdout.splitlines())

    def orders(self, topic: str, text: str) -> None:
        """Have the optimizer say something."""
        self._run("mosquitto_pub", self.plain_port, ["-u", "optimizer", "-P", PASSWORD, "-t", topic, "-m", text, "-q", "1"])

    def signed(self, name: str, authority: Authority, device: str, at: datetime) -> Visitor:
        """Return somebody whom an authority gave a certificate at some time."""
        key = Holder.fresh()
        return visitor(self.folder, name, key, authority.sign(key.csr(device), device, at).pem)

    @staticmethod
    def _run(name: str, port: int, options: list[str]) -> "subprocess.CompletedProcess[str]":
        command = [program(name), "-h", HOST, "-p", str(port), *options]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=ANSWERS_WITHIN_S)


def visitor(folder: Path, name: str, key: Holder, certificate: str) -> Visitor:
    """Keep key and certificate as files, and return who shows them."""
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_text(certificate)
    key.save(paths[1])
    return Visitor(("--cert", str(paths[0]), "--key", str(paths[1])))
