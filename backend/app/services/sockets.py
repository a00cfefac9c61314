"""Sockets that wait no longer than the limits allow, whoever waits: for a connection, for TLS, for the next byte.

httpcore takes its sockets from a backend, and httpx does not hand that through; hence the one private name below. Both versions are
pinned, and tests drip and hang. A resolver has an end of its own, which is the system's.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from app.services.limits import left_s


def use_patient_sockets(transport: httpx.BaseTransport) -> httpx.BaseTransport:
    """Have a transport of httpx use these sockets."""
    if not isinstance(transport, httpx.HTTPTransport):
        raise TypeError(f"{transport!r} has no sockets")
    transport._pool._network_backend = _Sockets()  # noqa: SLF001 - see above
    return transport


SYSTEM = httpcore.SyncBackend()


class _Sockets(httpcore.NetworkBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first of a host's addresses that takes one."""
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            wait_s = _left_s(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(SYSTEM.connect_tcp(address, port, wait_s, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


@dataclass(frozen=True, slots=True)
class _Stream(httpcore.NetworkStream):
    inner: httpcore.NetworkStream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left_s(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _left_s(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, _left_s(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        return self.inner.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _left_s(timeout: float | None, late: type[Exception]) -> float | None:
    """Return how long to wait for the socket."""
    left = left_s(inf if timeout is None else timeout)
    if left <= 0:
        raise late("the answer was not there in time")
    return None if left == inf else left
