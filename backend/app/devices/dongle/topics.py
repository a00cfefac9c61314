"""Where the broker is, and which topics of it are whose."""

import ssl
from dataclasses import dataclass, field

from app.devices.dongle.hearing import Kind

ROOT = "devices"
GROUP = "ingest"
SHARED = (f"$share/{GROUP}/{ROOT}/+/{Kind.TELEMETRY}", f"$share/{GROUP}/{ROOT}/+/{Kind.ANSWER}")
"""Each message goes to one of several services that listen."""
TO_ALL = (f"{ROOT}/+/{Kind.STATUS}",)
"""Retained messages do not come by a shared subscription."""
KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the broker is and how to get in; a CA file turns TLS on."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_id: str = "battery-optimizer-ingest"
    """Names the session in which the broker keeps what comes while we are away: each service that listens needs its own."""

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS to use, if any."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None


def parts(topic: str) -> tuple[str, Kind | None]:
    """Return whose topic it is and what is said there; None for what we did not ask for."""
    device, _, kind = topic.removeprefix(f"{ROOT}/").partition("/")
    return device, KINDS.get(kind)


def requests(device: str) -> str:
    """Return the topic a device is told things on."""
    return f"{ROOT}/{device}/commands/request"
