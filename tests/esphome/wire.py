"""An RS485 wire: two terminal devices, as slow as the baud rate, damaged, dropping, cut or full of noise when asked."""

import asyncio
import os
import random
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

BITS_PER_BYTE = 10
"""A start bit, eight of data, a stop bit."""
STUCK_BYTES = 24
LATE_S = 1.4
"""Later than the firmware waits, 1 s, and sooner than it takes to believe again."""
FIRMWARE, INVERTER = 0, 1


@dataclass
class Wire:
    """Bytes put into one end come out at the other. Ends are links to terminals, so that programs find them by name."""

    firmware_end: Path
    inverter_end: Path
    baud: int = 9600
    damaged: float = 0.0
    """Which share of the chunks (mostly whole frames) has a bit turned."""
    cut: bool = False
    late: float = 0.0
    """Which share of the answers comes only after the firmware has stopped waiting; those behind it wait too."""
    stuck: bool = False
    """Somebody holds the line down: nothing gets through, and the firmware hears zeros."""
    counts: dict[str, int] = field(default_factory=lambda: {"frames": 0, "damaged": 0, "late": 0})
    luck: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  (faults, not secrets)
    _masters: list[int] = field(default_factory=list)
    _slaves: list[int] = field(default_factory=list)
    _pumps: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Make both ends and begin to carry bytes."""
        queues: list[asyncio.Queue[bytes]] = [asyncio.Queue(), asyncio.Queue()]
        for end, queue in zip((self.firmware_end, self.inverter_end), queues, strict=True):
            master, slave = os.openpty()  # our slave stays open: the other side may come and go
            tty.setraw(master)
            tty.setraw(slave)
            os.set_blocking(master, False)
            end.unlink(missing_ok=True)
            end.symlink_to(os.ttyname(slave))
            self._masters.append(master)
            self._slaves.append(slave)
            asyncio.get_running_loop().add_reader(master, _reader(master, queue))
        self._pumps = [asyncio.create_task(self._hold_down())]
        self._pumps += [asyncio.create_task(self._carry(queues[end], self._masters[1 - end])) for end in (FIRMWARE, INVERTER)]

    async def stop(self) -> None:
        """Take the wire away."""
        for pump in self._pumps:
            pump.cancel()
        for master in self._masters:
            asyncio.get_running_loop().remove_reader(master)
        for end in (*self._masters, *self._slaves):
            os.close(end)
        self.firmware_end.unlink(missing_ok=True)
        self.inverter_end.unlink(missing_ok=True)
        self._masters, self._slaves, self._pumps = [], [], []

    def shout(self, noise: bytes) -> None:
        """Put bytes on the wire that nobody on it sent, as the firmware hears them."""
        _put(self._masters[FIRMWARE], noise)

    async def _hold_down(self) -> None:
        while True:
            await asyncio.sleep(STUCK_BYTES * BITS_PER_BYTE / self.baud)
            if self.stuck:
                self.shout(bytes(STUCK_BYTES))

    async def _carry(self, queue: asyncio.Queue[bytes], to: int) -> None:
        while True:
            chunk = await queue.get()
            await asyncio.sleep(len(chunk) * BITS_PER_BYTE / self.baud)
            if to == self._masters[FIRMWARE] and self.luck.random() < self.late:
                self.counts["late"] += 1
                await asyncio.sleep(LATE_S)
            if self.cut or self.stuck:
                continue
            self.counts["frames"] += 1
            if self.luck.random() < self.damaged:
                self.counts["damaged"] += 1
                turned = bytearray(chunk)
                turned[self.luck.randrange(len(turned))] ^= 1 << self.luck.randrange(8)
                chunk = bytes(turned)
            _put(to, chunk)


def _reader(master: int, queue: asyncio.Queue[bytes]) -> Callable[[], None]:
    def read() -> None:
        try:
            queue.put_nowait(os.read(master, 4096))
        except BlockingIOError:
            return

    return read


def _put(master: int, chunk: bytes) -> None:
    try:
        os.write(master, chunk)
    except BlockingIOError:  # nobody reads at the other end: on a wire that is lost
        return
