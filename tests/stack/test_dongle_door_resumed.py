"""TLS may resume what an earlier handshake agreed on, without showing the certificate again: it opens no door to one that was revoked."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.credential import Certificate
from app.trust.credentials import Authority
from app.trust.holder import Holder
from tests.stack.dongle_door import HOST, Door, visitor
from tests.stack.mosquitto import is_installed
from tests.stack.parts import require

pytestmark = pytest.mark.stack

DEVICE = "bat_a"
CONNECT = bytes([0x10, 12, 0, 4]) + b"MQTT" + bytes([4, 2, 0, 60, 0, 0])
"""MQTT 3.1.1, a clean session, a minute's keepalive, no name: the certificate has one."""
ACCEPTED = bytes([0x20, 2, 0, 0])
ANSWERS_WITHIN_S = 60


@dataclass(frozen=True)
class House:
    door: Door
    authority: Authority
    certificate: Certificate


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    require(is_installed(), "mosquitto")
    door, now = Door(tmp_path), datetime.now(UTC)
    authority = Authority.create(door.certificates, now)
    authority.sign_broker([HOST], now)
    key = Holder.fresh()
    issued = authority.sign(key.csr(DEVICE), DEVICE, now)
    visitor(door.folder, DEVICE, key, issued.pem)
    door.start()
    yield House(door, authority, issued.certificate)
    door.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_before_opens_no_more_once_the_list_is_read(house: House, version: ssl.TLSVersion) -> None:
    context = _context(house, version)
    first = _come(house, context)
    again = _come(house, context, first.session)
    assert (first, again) == (Came(ACCEPTED, is_resumed=False), Came(ACCEPTED, is_resumed=True))  # so it can be resumed at all

    house.authority.publish_revoked([house.certificate], datetime.now(UTC))
    house.door.reload()

    for session in (None, first.session, again.session):
        assert _come(house, context, session).answer != ACCEPTED
    assert "certificate verify failed" in house.door.said()


@dataclass(frozen=True)
class Came:
    """What the broker answered, and whether TLS was resumed."""

    answer: bytes
    is_resumed: bool
    session: ssl.SSLSession | None = field(default=None, compare=False)


def _context(house: House, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=house.door.certificates / "ca.crt")
    context.load_cert_chain(house.door.folder / f"{DEVICE}.crt", house.door.folder / f"{DEVICE}.key")
    context.minimum_version = context.maximum_version = version
    return context


def _come(house: House, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> Came:
    """Connect, with what an earlier connection agreed on or anew."""
    try:
        with (
            socket.create_connection((HOST, house.door.port), ANSWERS_WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=HOST, session=session) as way,
        ):
            way.sendall(CONNECT)
            answer = way.recv(len(ACCEPTED))
            return Came(answer, way.session_reused or False, way.session)
    except OSError:  # cut off, by TLS or below it
        return Came(b"", is_resumed=False)
