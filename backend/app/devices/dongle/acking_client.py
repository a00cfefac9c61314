"""aiomqtt with acknowledgements by hand, so that the broker keeps a message until we have stored it.

aiomqtt acknowledges what it has received. paho beneath it can leave that to us, and aiomqtt does not hand that through; hence the
two private names below. Both versions are pinned, and a test kills the service between receiving and storing.
"""

from collections.abc import Callable
from typing import Any

import aiomqtt
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from app.devices.dongle.topics import Way

DAY_S = 86400
SESSION_S = 7 * DAY_S
"""How long the broker keeps what comes while we are away."""
UNCONFIRMED = 4000
"""Messages the broker may have sent and we not yet stored: a few batches. The rest waits in the broker."""
KEEPALIVE_S = 15


class AckingClient(aiomqtt.Client):
    """Hands each message to `heard` as it arrives; `ack` tells the broker that it may forget one."""

    def __init__(self, way: Way, heard: Callable[["AckingClient", MQTTMessage], None]) -> None:
        connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        connect.SessionExpiryInterval = SESSION_S
        connect.ReceiveMaximum = UNCONFIRMED
        super().__init__(
            way.host,
            way.port,
            username=way.username,
            password=way.password,
            identifier=way.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=KEEPALIVE_S,
            properties=connect,
            tls_context=way.tls(),
        )
        self.heard = heard
        self._client.manual_ack_set(True)  # noqa: FBT003  paho's own signature

    def _on_message(self, client: Paho, userdata: Any, message: MQTTMessage) -> None:  # noqa: ANN401, ARG002  paho's own signature
        self.heard(self, message)

    def ack(self, mid: int) -> None:
        """Tell the broker that a message is safe; on a connection that is gone this does nothing, and the message comes again."""
        self._client.ack(mid, 1)

    async def until_lost(self) -> None:
        """Wait until the connection is lost.

        Raises:
            MqttError: always.
        """
        async for _ in self.messages:
            pass
