"""Wrong credentials lately, by who came: they shut a door for nobody who has a good one, and are few enough to be kept."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

WRONG_TRIES, WRONG_WITHIN = 10, timedelta(minutes=10)
"""So many wrong ones of one source are answered; later ones are turned away."""
WRONG_OF_ALL = 60
"""The same for all sources together, so that nobody with many addresses goes on. It bounds what is remembered, too."""
IPV4, IPV6_NETWORK_BITS = 4, 64


@dataclass(slots=True)
class Tries:
    """Wrong ones lately at one door. What opens it cannot be guessed, so a good one is never kept waiting."""

    wrong: deque[tuple[datetime, str]] = field(default_factory=lambda: deque(maxlen=WRONG_OF_ALL))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, client: str, now: datetime) -> timedelta:
        """Count a wrong one, unless there were too many, of this source or of all; return how long it has to wait then, else 0."""
        source = source_of(client)
        with self.lock:
            lately = [(at, who) for at, who in self.wrong if abs(now - at) < WRONG_WITHIN]  # also by a clock that was set back
            mine = [at for at, who in lately if who == source]
            first = lately[0][0] if len(lately) == WRONG_OF_ALL else mine[-WRONG_TRIES] if len(mine) >= WRONG_TRIES else None
            if first is None:
                self.wrong.append((now, source))
                return timedelta(0)
            return max(first + WRONG_WITHIN - now, timedelta.resolution)


def source_of(client: str) -> str:
    """Return who came, by address; of IPv6 the half that a network gives out, for the other half anybody chooses."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    return client if address.version == IPV4 else str(ip_network((address, IPV6_NETWORK_BITS), strict=False))
