"""The client for other people's servers: every exchange ends in time, and no reply is larger than agreed, whatever they send.

httpx limits each wait for bytes; a server that drips one now and then is waited for without end. Here the whole exchange has an end:
connecting, TLS, headers, body, and every redirect together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import httpx

from app.services.limits import held, left_s, within
from app.services.sockets import use_patient_sockets

EXCHANGE_S = 15.0
"""A neighbour that is well answers within one; what takes longer is asked again later."""
MOST_BYTES = 2**20
"""Three times the largest reply that is asked for without saying how large it may be."""
MOST_REDIRECTS = 5
PIECE_BYTES = 4096
"""Unpacked at once: a packed reply may grow a thousandfold."""
SIZE = "most_bytes"
"""The extension of a request that says how large its reply may be."""
OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class TooLargeError(httpx.RequestError):
    """A reply is larger than agreed; it would be so the next time, too."""


class BoundedClient(httpx.Client):
    """An httpx client whose every exchange has an end and a size."""

    def __init__(self, *, base_url: str = "", exchange_s: float = EXCHANGE_S, verify: SSLContext | bool = True) -> None:
        self.exchange_s = exchange_s
        super().__init__(base_url=base_url, verify=verify, max_redirects=MOST_REDIRECTS)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own, handed on
        """Send a request; the reply is there whole when this returns.

        Raises:
            httpx.TransportError: it was not all there in time.
            TooLargeError: it is larger than agreed.
        """
        with within(self.exchange_s, request.extensions.get(SIZE, MOST_BYTES)):
            return super().send(request, **options)

    def _init_transport(self, *args: Any, **options: Any) -> httpx.BaseTransport:  # noqa: ANN401 - httpx's own
        return _Bounded(super()._init_transport(*args, **options))

    def _init_proxy_transport(self, *args: Any, **options: Any) -> httpx.BaseTransport:  # noqa: ANN401 - httpx's own
        return _Bounded(super()._init_proxy_transport(*args, **options))


class _Bounded(httpx.BaseTransport):
    """Gives whole replies, read within the limits that hold."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = use_patient_sockets(inner)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        waits: dict[str, float | None] = request.extensions.get("timeout", {})
        request.extensions = {**request.extensions, "timeout": {name: left_s(wait or EXCHANGE_S) for name, wait in waits.items()}}
        reply, limits = self.inner.handle_request(request), held()
        try:
            content = _content(reply, request, MOST_BYTES if limits is None else limits.most_bytes)
        finally:
            reply.close()
        if limits is not None:
            limits.take(len(content))
        headers = [(name, value) for name, value in reply.headers.multi_items() if name not in OF_THE_WIRE]
        return httpx.Response(reply.status_code, headers=headers, content=content, request=request)

    def close(self) -> None:
        self.inner.close()


def _content(reply: httpx.Response, request: httpx.Request, most_bytes: int) -> bytes:
    """Return the body of a reply, unpacked."""
    if "," in reply.headers.get("Content-Encoding", ""):
        raise TooLargeError("the reply is packed more than once", request=request)
    pieces = _Pieces(reply.stream, most_bytes)
    parts, size = list[bytes](), 0
    for part in httpx.Response(reply.status_code, headers=reply.headers, stream=pieces, request=request).iter_bytes():
        size += len(part)
        _must_fit(size, most_bytes)
        parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class _Pieces(httpx.SyncByteStream):
    """What comes over the wire, in small pieces. Packed bytes that unpack to nothing have an end, too."""

    wire: object
    most_bytes: int

    def __iter__(self) -> Iterator[bytes]:
        came = 0
        if not isinstance(self.wire, httpx.SyncByteStream):
            raise TypeError("not the stream of a synchronous transport")
        for part in self.wire:
            came += len(part)
            _must_fit(came, self.most_bytes)
            for at in range(0, len(part), PIECE_BYTES):
                yield part[at : at + PIECE_BYTES]


def _must_fit(size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise TooLargeError(f"the reply is larger than {most_bytes} bytes")
