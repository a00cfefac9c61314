"""Reads in Mosquitto's log whom it refused, for it tells nobody else: a forged message is dropped, and its sender may even be thanked."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.domain.device import is_device_id
from app.domain.errors import UnavailableError
from app.domain.refusal import Refusal

log = logging.getLogger(__name__)

MOST_BYTES = 10_000_000
"""A log that was read this far is emptied: at `log_type debug` it grows by some 4 MB a day and dongle."""
MOST_NAMES = 50_000
_LINE = re.compile(r"(\d{1,11}): (.*)")
_CONNECTION = re.compile(r"New connection from (\S+):\d+ on port \d+\.")
_CLIENT = re.compile(r"New client connected from \S+ as (.+) \(p\d, c\d, k\d+(?:, u'(.*)')?\)\.")
_WILL = re.compile(r"Will message specified \(\d+ bytes\) \(r\d, q\d\)\.")
_TOPIC_OF_WILL = re.compile(r"\t(.+)")
_DENIED = re.compile(r"Denied PUBLISH from (.+) \(d\d, q\d, r\d, m\d+, '(.*)', \.\.\. \(\d+ bytes\)\)")
_TLS = re.compile(r"OpenSSL Error\[\d+\]: error:[0-9A-Fa-f]+:SSL routines:[^:]*:(.+)")
_CERTIFICATE = {
    "peer did not return a certificate": "it showed no certificate",
    "certificate verify failed": "its certificate is of another authority, out of date, or revoked",
}


@dataclass(slots=True)
class BrokerLog:
    """A log file that Mosquitto appends to, read from where we were."""

    path: Path
    most_bytes: int = MOST_BYTES
    offset: int = 0
    inode: int | None = None
    users: dict[str, str] = field(default_factory=dict)
    """Under which user's name each client came; a client calls itself what it likes."""
    newest: str | None = None
    """Where the connection of the line before came from."""
    came_in: str | None = None
    """Which user came in by the line before, or by the one before that if it tells of a last will."""

    def fresh(self) -> list[Refusal]:
        """Return what was refused since the last time.

        Raises:
            UnavailableError: the log cannot be read.
        """
        try:
            text = self._read()
        except OSError as error:
            raise UnavailableError(f"the broker's log cannot be read: {error}") from error
        return [refusal for line in text.splitlines() for refusal in self._refusals(line)]

    def _read(self) -> str:
        """Return the whole lines that are new; half a line waits for its other half."""
        with self.path.open("rb") as file:
            state = self.path.stat()
            if state.st_ino != self.inode or state.st_size < self.offset:
                self.offset, self.inode = 0, state.st_ino
            file.seek(self.offset)
            told = file.read(self.most_bytes)
        whole = told[: told.rfind(b"\n") + 1]
        self.offset += len(whole)
        if self.offset >= self.most_bytes > len(told):
            self._empty()
        return whole.decode(errors="replace")

    def _empty(self) -> None:
        try:
            with self.path.open("r+b") as file:
                file.truncate(0)
        except OSError as error:
            log.warning("the broker's log grows, for we may not empty it: %s", error)
        else:
            self.offset = 0

    def _refusals(self, line: str) -> Iterator[Refusal]:
        found = _LINE.fullmatch(line)
        if found is None:
            return
        at, text = datetime.fromtimestamp(int(found[1]), UTC), found[2]
        came_in, self.came_in = self.came_in, None
        if client := _CLIENT.fullmatch(text):
            self.came_in = client[2] or client[1]
            self._note(client[1], self.came_in)
        elif _WILL.fullmatch(text):
            self.came_in = came_in
        elif came_in is not None and (will := _TOPIC_OF_WILL.fullmatch(text)) and is_forged_will(came_in, will[1]):
            yield Refusal(at=at, who=came_in, what=f"may not leave a last will for {will[1]}")
        elif denied := _DENIED.fullmatch(text):
            yield Refusal(at=at, who=self.users.get(denied[1], denied[1]), what=f"may not say {denied[2]}")
        elif (broken := _TLS.fullmatch(text)) and broken[1] in _CERTIFICATE:
            where = f", from {self.newest}" if self.newest else ""
            yield Refusal(at=at, who=None, what=_CERTIFICATE[broken[1]] + where)
        if not text.startswith("OpenSSL Error"):  # one handshake may tell several; after any other line it may be somebody else's
            connection = _CONNECTION.fullmatch(text)
            self.newest = connection[1] if connection else None

    def _note(self, client: str, user: str) -> None:
        if len(self.users) >= MOST_NAMES:
            self.users.clear()
        self.users[client] = user


SAID_BY_DONGLES = ("telemetry", "status", "commands/response", "battery/soc", "solar/production")
"""As in the rights of backend/mosquitto/acl."""


def is_forged_will(user: str, topic: str) -> bool:
    """Tell whether a dongle leaves a last will that it may not; the broker takes it, and drops it in silence when its time comes."""
    return is_device_id(user) and topic not in {f"devices/{user}/{each}" for each in SAID_BY_DONGLES}
