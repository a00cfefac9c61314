"""Mosquitto as its own script starts it, in folders and on ports of its own."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.trust.credentials import Authority
from tests.stack.dongle_door import ANSWERS_WITHIN_S, HOST, READY_WITHIN_S, SHIPPED, DoorFiles, Visitor
from tests.stack.home_assistant import free_port, until
from tests.stack.mariadb import program

BROKER = 1883
"""The broker's user, beside the optimizer's, in whose group it is."""
PASSWORDS = {f"{name}_PASSWORD": f"test-only-{name.lower()}" for name in ("OPTIMIZER", "HOMEASSISTANT", "NODERED")}


@dataclass
class StartedBroker(DoorFiles):
    """Mosquitto by `start.sh`, in folders and on ports of its own; as root's guest of another user, as in its container."""

    port: int
    plain_port: int
    process: "subprocess.Popen[bytes]"

    def ended(self) -> int:
        """Return how often somebody came by a dongle's name to end its connection."""
        return len(re.findall(r"New client connected from \S+ as bat_\w+ .*u'optimizer'", self.said()))

    def reloads(self) -> int:
        return self.said().count("Reloading config")

    def orders(self, device: str, texts: list[str]) -> None:
        """Have the optimizer tell a device something, each text for itself."""
        options = ["-u", "optimizer", "-P", PASSWORDS["OPTIMIZER_PASSWORD"], "-q", "1", "-l", "-t", f"devices/{device}/commands/request"]
        command = [program("mosquitto_pub"), "-h", HOST, "-p", str(self.plain_port), *options]
        subprocess.run(command, check=True, input="\n".join(texts), text=True, capture_output=True, timeout=ANSWERS_WITHIN_S)

    def opens(self, who: Visitor, *more: str) -> bool:
        """Have somebody say something at the door for dongles; tell whether they got in."""
        options = ["--cafile", str(self.certificates / "ca.crt"), "-V", "5", "-q", "1", "-m", "{}", *who.options, *more]
        command = [program("mosquitto_pub"), "-h", HOST, "-p", str(self.port), *options]
        return subprocess.run(command, check=False, capture_output=True, timeout=ANSWERS_WITHIN_S).returncode == 0


def _script(folder: Path, port: int, plain_port: int) -> Path:
    """Return the shipped script beside the shipped files; but for folders and ports they are as they are."""
    config = folder / "config"
    shutil.copytree(SHIPPED, config, ignore=shutil.ignore_patterns("certs"))
    for path in config.iterdir():
        text = path.read_text().replace("/tmp/", f"{folder}/run/").replace("/mosquitto/data/", f"{folder}/run/")  # noqa: S108
        text = text.replace("/dongles/", f"{folder}/dongles/").replace("door=/dongles", f"door={folder}/dongles")
        text = text.replace("listener 1883", f"listener {plain_port} {HOST}").replace("listener 8884", f"listener {port} {HOST}")
        path.write_text(text.replace("-p 1883", f"-h {HOST} -p {plain_port}"))
    (folder / "run").mkdir()
    return config / "start.sh"


@contextmanager
def started() -> Iterator[StartedBroker]:
    """Run the script until the block ends; with it ends what follows the list of revoked certificates."""
    folder, port, plain_port = Path(tempfile.mkdtemp(prefix="broker-")), free_port(), free_port()
    folder.chmod(0o755)
    Authority.create(folder / "dongles", datetime.now(UTC)).sign_broker([HOST], datetime.now(UTC))
    command = ["sh", str(_script(folder, port, plain_port))]
    log = folder / "dongles" / "log" / "mosquitto.log"
    log.write_text("of a backup, which the broker may not write\n")
    log.chmod(0o600)
    if os.getuid() == 0:  # like uid 1883 beside uid 10001
        shutil.chown(folder / "run", BROKER, BROKER)
        command = ["setpriv", f"--reuid={BROKER}", f"--regid={BROKER}", f"--groups={os.getgid()}", *command]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **PASSWORDS}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    running = StartedBroker(folder, port, plain_port, process)
    try:
        until(lambda: f"Opening ipv4 listen socket on port {port}" in running.said(), READY_WITHIN_S, "the broker listens")
        yield running
    finally:
        process.terminate()
        code = process.wait(READY_WITHIN_S)
        until(lambda: not _is_alive(process.pid), READY_WITHIN_S, "what follows the broker ends with it")
        shutil.rmtree(folder)
    assert code == 0, f"the broker ended with {code}"


def _is_alive(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False
