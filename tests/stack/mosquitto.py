"""A private Mosquitto on a free loopback port, from Debian's mosquitto: TLS by a throw-away CA, passwords, rights per user."""

import getpass
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.stack.home_assistant import MqttEntry, free_port
from tests.stack.mariadb import program

HOST = "127.0.0.1"
READY_WITHIN_S = 10
POLL_S = 0.02
PASSWORDS = {name: f"test-only-{name}" for name in ("homeassistant", "optimizer", "dongles", "stranger")}
"""`stranger` has a password and no right; `dongles` speaks for all of them."""
DONGLES = "\nuser dongles\ntopic readwrite devices/#\n"
ACL = Path(__file__).parents[2] / "backend" / "mosquitto" / "acl"
"""The rights that are shipped."""
CA = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt"
CA_EXTENSIONS = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
REQUEST = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr"
SIGN = "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.crt"
EXTENSIONS = f"subjectAltName=DNS:localhost,IP:{HOST}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"


@dataclass
class Mosquitto:
    """A broker that forgets everything when it ends, so that whoever comes back must say it all again; unless it keeps its queues."""

    folder: Path
    keeps: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.crt"

    def start(self) -> None:
        """Start the broker, and make its certificates first if there are none; return when it answers."""
        if not self.ca_file.exists():
            self._certify()
            self._admit()
        config = self.folder / "mosquitto.conf"
        config.write_text(self._config())
        self.process = subprocess.Popen([program("mosquitto"), "-c", str(config)], cwd=self.folder)
        self._wait()

    def stop(self) -> None:
        """Ask the broker to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Keep the broker from doing anything; its sockets stay open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def entry(self) -> MqttEntry:
        """Return how Home Assistant gets in."""
        return MqttEntry(
            host=HOST, port=self.port, username="homeassistant", password=PASSWORDS["homeassistant"], ca_pem=self.ca_file.read_text()
        )

    def settings(self, user: str = "optimizer", *, password: str | None = None) -> dict[str, str]:
        """Return the environment with which the service gets in."""
        return {
            "OPTIMIZER_MQTT__HOST": HOST,
            "OPTIMIZER_MQTT__PORT": str(self.port),
            "OPTIMIZER_MQTT__USERNAME": user,
            "OPTIMIZER_MQTT__PASSWORD": password or PASSWORDS[user],
            "OPTIMIZER_MQTT__CA_FILE": str(self.ca_file),
        }

    def publish(self, topic: str, text: str, *, user: str = "homeassistant", retain: bool = False) -> None:
        """Say something as a user. A broker refuses in silence: look at the effect."""
        options = ["-t", topic, "-m", text, "-q", "1", *(["-r"] if retain else [])]
        subprocess.run([*self._client("mosquitto_pub", user), *options], check=True, capture_output=True, timeout=READY_WITHIN_S)

    def retained(self, topics: str, *, user: str = "homeassistant", within_s: int = 1) -> dict[str, str]:
        """Return what the broker would tell a newcomer, by topic."""
        command = [*self._client("mosquitto_sub", user), "-t", topics, "-v", "--retained-only", "-W", str(within_s)]
        told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=READY_WITHIN_S)
        return dict(line.split(" ", 1) for line in told.stdout.splitlines())

    def log(self) -> str:
        """Return what the broker said."""
        return (self.folder / "log").read_text(errors="replace")

    def _client(self, name: str, user: str) -> list[str]:
        where = ["-h", HOST, "-p", str(self.port), "--cafile", str(self.ca_file)]
        return [program(name), *where, "-V", "5", "-u", user, "-P", PASSWORDS[user]]

    def _certify(self) -> None:
        (self.folder / "extensions").write_text(EXTENSIONS)
        for step in (f"{CA} {CA_EXTENSIONS}", REQUEST, SIGN):
            subprocess.run(["openssl", *step.split()], cwd=self.folder, check=True, capture_output=True)

    def _admit(self) -> None:
        (self.folder / "acl").write_text(ACL.read_text() + DONGLES)
        (self.folder / "passwords").touch()
        for file in ("acl", "passwords"):
            (self.folder / file).chmod(0o600)
        for user, password in PASSWORDS.items():
            command = [program("mosquitto_passwd"), "-b", str(self.folder / "passwords"), user, password]
            subprocess.run(command, check=True, capture_output=True)

    def _config(self) -> str:
        lines = [
            f"user {getpass.getuser()}",
            f"listener {self.port} {HOST}",
            *(f"{option} {self.folder}/{file}" for option, file in FILES.items()),
            *(
                "allow_anonymous false",
                f"log_dest file {self.folder}/log",
                *(KEEPS if self.keeps else ("persistence false", "log_type all")),
            ),
            *((f"persistence_location {self.folder}/",) if self.keeps else ()),
        ]
        return "\n".join(lines) + "\n"

    def _wait(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"mosquitto does not start: {self.log()[-2000:]}") from None
                time.sleep(POLL_S)
            else:
                return

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(READY_WITHIN_S)
            self.process = None


KEEPS = (
    *("persistence true", "autosave_interval 1", "max_queued_messages 0", "max_inflight_messages 0", "log_type error", "log_type warning"),
    *("log_type subscribe", "connection_messages false"),
)
"""As shipped, but that queues are written down every second."""
FILES = {"cafile": "ca.crt", "certfile": "server.crt", "keyfile": "server.key", "password_file": "passwords", "acl_file": "acl"}


def is_installed() -> bool:
    return all(program(name) for name in ("mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_passwd")) and bool(
        shutil.which("openssl")
    )
