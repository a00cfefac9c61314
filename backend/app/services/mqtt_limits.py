"""Limits on what a broker may send: no packet without end, no queue without end.

Connecting, its answer, and every call have an end by themselves (paho and aiomqtt see to it). paho reads a packet however long its sender
says it is, and neither of the two hands its reading through; hence the private names below. Both versions are pinned, and a drill floods.
"""

import asyncio

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MOST_BYTES = 2**18
"""Of a packet; a broker that is well is told so and keeps longer ones to itself. Ours are thirty kilobytes."""
MOST_WAITING = 200


class Waiting(asyncio.Queue[aiomqtt.Message]):
    """Messages that are not looked at yet; of a flood only the first."""

    def __init__(self, maxsize: int = 0) -> None:
        del maxsize
        super().__init__(MOST_WAITING)

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Take a message while there is room."""
        if not self.full():
            super().put_nowait(item)


def limit(client: aiomqtt.Client) -> None:
    """Have a client that is not connected yet take no larger packets: from one on, the connection is lost."""
    properties = client._properties or Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # noqa: SLF001 - see above
    properties.MaximumPacketSize = MOST_BYTES
    client._properties = properties  # noqa: SLF001
    paho = client._client  # noqa: SLF001
    receive = paho._sock_recv  # noqa: SLF001

    def limited(bufsize: int) -> bytes:
        if bufsize > MOST_BYTES:
            raise ConnectionError(f"a packet of {bufsize} bytes; at most {MOST_BYTES} are taken")
        return receive(bufsize)

    paho._sock_recv = limited  # type: ignore[method-assign]  # noqa: SLF001
