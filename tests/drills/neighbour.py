"""A neighbour over HTTP that is well, or does to whoever asks what servers do when they are not. Standard library only."""

import os
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import cast

type Answer = Callable[[str], tuple[int, bytes]]
"""What a path brings: a status and JSON."""

DRIP_S = 2.0
"""Every wait for a byte ends well before anybody's patience for one byte does."""
BLOCK = b"0" * 65536
LONGEST_POLL_S = 0.05


class Fault(StrEnum):
    """What it does instead of answering."""

    NONE = "none"
    HANG = "hang"
    """It takes the request and says nothing."""
    DRIP = "drip"
    """Its headers come a byte now and then."""
    DRIP_BODY = "drip body"
    FLOOD = "flood"
    """A body without end."""
    FLOOD_HEADERS = "flood headers"
    PACKED = "packed"
    """Half a megabyte that unpacks to half a gigabyte."""
    REDIRECT = "redirect"
    """To itself, for ever."""
    RESET = "reset"
    GARBAGE = "garbage"
    SLOW_TLS = "slow tls"
    """A handshake that comes a byte now and then; for a neighbour that speaks TLS."""
    SLOW_CONNECT = "slow connect"
    """It takes no connection; nobody refuses one either."""


@dataclass
class Neighbour:
    """One server on loopback."""

    answer: Answer
    tls: ssl.SSLContext | None = None
    drip_s: float = DRIP_S
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Said with every good answer."""
    fault: Fault = Fault.NONE
    asked: int = 0
    """Requests that came, well or not."""
    is_open: bool = True
    filling: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/"

    def become(self, fault: Fault) -> None:
        """Do so from now on, also to who is waiting."""
        self.fault = fault
        for each in self.filling:
            each.close()
        self.filling = [_knock(self.port) for _ in range(8)] if fault is Fault.SLOW_CONNECT else []

    @contextmanager
    def serving(self) -> Iterator["Neighbour"]:
        """Listen until the block ends."""
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(1)
            listener.settimeout(LONGEST_POLL_S)
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self.is_open = False
                self.become(Fault.NONE)
                accepting.join()

    def _accept(self, listener: socket.socket) -> None:
        while self.is_open:
            if self.fault is Fault.SLOW_CONNECT:
                time.sleep(LONGEST_POLL_S)
                continue
            with suppress(TimeoutError):
                taken, where = listener.accept()
                threading.Thread(target=self._talk, args=(taken, where), daemon=True).start()

    def _talk(self, taken: socket.socket, where: tuple[str, int]) -> None:
        with taken, suppress(OSError):  # whoever asked may go whenever it likes
            taken.settimeout(None)
            if self.fault is Fault.SLOW_TLS:
                self.asked += 1
                self.drip(taken, Fault.SLOW_TLS, b"\x16\x03\x03\x40\x00" + b"\x02" * 0x4000)
                return
            line = self.tls.wrap_socket(taken, server_side=True) if self.tls else taken
            with line:
                _Handler(line, where, cast("BaseServer", self))  # nothing asks more of its server than the handler below

    def drip(self, line: socket.socket, fault: Fault, text: bytes) -> None:
        """Send a byte now and then for as long as the fault lasts."""
        for at in range(len(text)):
            if self.fault is not fault:
                return
            line.sendall(text[at : at + 1])
            time.sleep(self.drip_s)


@cache
def _packed() -> bytes:
    """Return the same packed megabyte of zeros many times over; each is whole in itself."""
    packing = zlib.compressobj(9, wbits=31)
    head = packing.flush(zlib.Z_FULL_FLUSH)
    return head + 512 * (packing.compress(bytes(2**20)) + packing.flush(zlib.Z_FULL_FLUSH))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        neighbour = cast("Neighbour", self.server)
        neighbour.asked += 1
        fault = neighbour.fault
        self.close_connection = fault is not Fault.NONE
        if fault is Fault.NONE:
            self._well(*neighbour.answer(self.path))
        elif fault in SENT:
            self.connection.sendall(SENT[fault](self.path))
        elif fault in DRIPPED:
            begun, dripped = DRIPPED[fault]
            self.connection.sendall(begun)
            neighbour.drip(self.connection, fault, dripped)
        elif fault in POURED:
            begun, poured = POURED[fault]
            self.connection.sendall(begun)
            while neighbour.fault is fault and neighbour.is_open:
                self.connection.sendall(poured)
        elif fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            while neighbour.fault is fault and neighbour.is_open:
                time.sleep(LONGEST_POLL_S)

    do_POST = do_GET  # noqa: N815 - the base class's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _well(self, status: int, body: bytes) -> None:
        told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **cast("Neighbour", self.server).headers}
        self.send_response(status)
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


GOOD = b"HTTP/1.1 200 OK\r\n"
JSON = GOOD + b"Content-Type: application/json\r\n"
SENT: dict[Fault, Callable[[str], bytes]] = {
    Fault.GARBAGE: lambda _: os.urandom(2000),
    Fault.REDIRECT: lambda path: f"HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n".encode(),
    Fault.PACKED: lambda _: GOOD + f"Content-Encoding: gzip\r\nContent-Length: {len(_packed())}\r\n\r\n".encode() + _packed(),
}
"""What a fault sends at once."""
DRIPPED = {
    Fault.DRIP: (b"", GOOD + b"X-Slow: " + b"x" * 500),
    Fault.DRIP_BODY: (JSON + b"Content-Length: 500\r\n\r\n", b" " * 500),
}
"""What it sends at once, and what byte by byte."""
POURED = {
    Fault.FLOOD: (JSON + b"\r\n", BLOCK),
    Fault.FLOOD_HEADERS: (GOOD, b"X-More: " + BLOCK[:1000] + b"\r\n"),
}
"""What it sends at once, and what without end."""


def _knock(port: int) -> socket.socket:
    """Take a place in the queue of a listener that takes nobody."""
    knocking = socket.socket()
    knocking.settimeout(0)
    knocking.connect_ex(("127.0.0.1", port))
    return knocking
