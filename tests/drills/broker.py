"""An MQTT broker as far as one client needs it, well or not. Standard library only."""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
CONNACK, PINGRESP = b"\x20\x03\x00\x00\x00", b"\xd0\x00"
DRIP_S = 2.0
POLL_S = 0.05
TOPIC = b"battery_optimizer/drill/override/set"
LARGEST = b"\xff\xff\xff\x7f"
"""A quarter of a gigabyte, as MQTT writes a length."""


class BrokerFault(StrEnum):
    """What it does instead of answering."""

    NONE = "none"
    HANG = "hang"
    DRIP = "drip"
    """A greeting that comes a byte now and then."""
    FLOOD = "flood"
    """Messages without end, once it has greeted."""
    HUGE = "huge"
    """One message of a quarter of a gigabyte, once it has greeted."""
    RESET = "reset"
    GARBAGE = "garbage"
    SILENT = "silent"
    """It greets and then says nothing more."""


@dataclass
class Broker:
    """One broker on loopback."""

    port: int = 0
    fault: BrokerFault = BrokerFault.NONE
    asked: int = 0
    """Clients that greeted it, well or not."""
    is_open: bool = True

    @contextmanager
    def serving(self) -> Iterator["Broker"]:
        """Listen until the block ends."""
        with socket.create_server(("127.0.0.1", self.port)) as listener:
            listener.settimeout(POLL_S)
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self.is_open = False
                accepting.join()

    def _accept(self, listener: socket.socket) -> None:
        while self.is_open:
            with suppress(TimeoutError):
                line, _ = listener.accept()
                threading.Thread(target=self._talk, args=(line, self.fault), daemon=True).start()

    def _talk(self, line: socket.socket, fault: BrokerFault) -> None:
        """Be so to one client for as long as the fault lasts."""
        with line, suppress(OSError, EOFError):
            line.settimeout(None)
            _packet(line)
            self.asked += 1
            match fault:
                case BrokerFault.NONE:
                    self._serve(line)
                case BrokerFault.RESET:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                case BrokerFault.GARBAGE:
                    line.sendall(os.urandom(2000))
                case BrokerFault.DRIP:
                    for at in range(4):
                        line.sendall(CONNACK[at : at + 1])
                        time.sleep(DRIP_S)
                case BrokerFault.FLOOD:
                    self._pour(line, CONNACK, 200 * _publish(b"x" * 300))
                case BrokerFault.HUGE:
                    self._pour(line, CONNACK + b"\x30" + LARGEST + struct.pack(">H", len(TOPIC)) + TOPIC, b"0" * 65536)
                case BrokerFault.SILENT:
                    line.sendall(CONNACK)
            while self.fault is fault and self.is_open and fault in {BrokerFault.HANG, BrokerFault.DRIP, BrokerFault.SILENT}:
                time.sleep(POLL_S)

    def _pour(self, line: socket.socket, first: bytes, then: bytes) -> None:
        fault = self.fault
        line.sendall(first)
        while self.fault is fault and self.is_open:
            line.sendall(then)

    def _serve(self, line: socket.socket) -> None:
        line.sendall(CONNACK)
        while self.fault is BrokerFault.NONE:
            kind, body = _packet(line)
            if kind >> 4 == SUBSCRIBE:
                line.sendall(b"\x90\x04" + body[:2] + b"\x00\x01")
            elif kind >> 4 == PUBLISH and kind & 6:
                at = 2 + int.from_bytes(body[:2])
                line.sendall(b"\x40\x02" + body[at : at + 2])
            elif kind >> 4 == PINGREQ:
                line.sendall(PINGRESP)


def _publish(text: bytes) -> bytes:
    body = struct.pack(">H", len(TOPIC)) + TOPIC + b"\x00" + text
    return b"\x30" + bytes([len(body) % 128 | 128, len(body) // 128]) + body


def _packet(line: socket.socket) -> tuple[int, bytes]:
    """Return the next packet: its first byte and its body."""
    kind, size, factor = _read(line, 1)[0], 0, 1
    while True:
        byte = _read(line, 1)[0]
        size, factor = size + (byte & 127) * factor, factor * 128
        if byte < 128:
            return kind, _read(line, size)


def _read(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = line.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return found
