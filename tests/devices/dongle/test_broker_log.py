"""Whom Mosquitto refused, out of lines as versions 2.0.11 to 2.0 with OpenSSL 3 write them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.devices.dongle.broker_log import SAID_BY_DONGLES, BrokerLog
from app.domain.errors import UnavailableError

CONNECTED = "1795600145: New client connected from 127.0.0.1:57956 as bat_a (p5, c1, k60, u'bat_a').\n"
FORGED = "1795600145: Denied PUBLISH from bat_a (d0, q1, r0, m1, 'devices/bat_b/telemetry', ... (2 bytes))\n"
NEW = "1795600146: New connection from 192.168.1.7:57966 on port 8884.\n"
MISSING = "1795600146: OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate\n"
FOREIGN = (
    "1795600146: OpenSSL Error[0]: error:06880006:asn1 encoding routines::EVP lib\n"
    "1795600146: OpenSSL Error[1]: error:0A000086:SSL routines::certificate verify failed\n"
)
OLDER_OPENSSL = "1795600146: OpenSSL Error[0]: error:1417C086:SSL routines:tls_process_client_certificate:certificate verify failed\n"
BAD = "its certificate is of another authority, out of date, or revoked"


def read(path: Path, text: str) -> list[tuple[str | None, str]]:
    file = path / "log"
    file.write_text(text)
    return [(each.who, each.what) for each in BrokerLog(file).fresh()]


def test_a_forged_topic_is_told_with_who_and_when(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(CONNECTED + FORGED)

    [found] = BrokerLog(tmp_path / "log").fresh()

    assert (found.who, found.what) == ("bat_a", "may not say devices/bat_b/telemetry")
    assert found.at == datetime.fromtimestamp(1795600145, UTC)


WILL = "1795600145: Will message specified (4 bytes) (r1, q0).\n1795600145: \tdevices/{}\n"


def test_a_last_will_for_another_is_told_when_it_is_left(tmp_path: Path) -> None:
    assert read(tmp_path, CONNECTED + WILL.format("bat_b/status")) == [("bat_a", "may not leave a last will for devices/bat_b/status")]
    assert read(tmp_path, CONNECTED + WILL.format("bat_a/commands/request")) != []


def test_an_own_last_will_and_a_persons_are_nothing_refused(tmp_path: Path) -> None:
    topic = "1795600145: \tdevices/bat_b/status\n"  # as of a subscription

    assert read(tmp_path, CONNECTED + WILL.format("bat_a/status") + topic) == []
    assert read(tmp_path, CONNECTED.replace("u'bat_a'", "u'optimizer'") + WILL.format("x")) == []
    assert read(tmp_path, CONNECTED + "1795600145: No will message specified.\n" + topic) == []


def test_what_a_dongle_may_leave_is_what_the_broker_lets_it_say() -> None:
    acl = (Path(__file__).parents[3] / "backend" / "mosquitto" / "acl").read_text()

    assert re.findall("^pattern write devices/%u/(.+)$", acl, re.MULTILINE) == list(SAID_BY_DONGLES)


def test_who_calls_himself_a_dongle_is_told_by_his_user(tmp_path: Path) -> None:
    told = read(tmp_path, CONNECTED.replace("u'bat_a'", "u'nodered'") + FORGED)

    assert told == [("nodered", "may not say devices/bat_b/telemetry")]


@pytest.mark.parametrize(("refused", "why"), [(MISSING, "it showed no certificate"), (FOREIGN, BAD), (OLDER_OPENSSL, BAD)])
def test_a_certificate_that_does_not_open_is_told_with_its_address(tmp_path: Path, refused: str, why: str) -> None:
    assert read(tmp_path, NEW + refused) == [(None, f"{why}, from 192.168.1.7")]


def test_an_address_that_may_be_somebody_elses_is_not_told(tmp_path: Path) -> None:
    assert read(tmp_path, NEW + CONNECTED + MISSING) == [(None, "it showed no certificate")]


def test_every_other_line_is_nothing_refused(tmp_path: Path) -> None:
    port_scan = "1795600146: OpenSSL Error[0]: error:0A00010B:SSL routines::wrong version number\n"
    quiet = FORGED.replace("Denied", "Received")

    assert read(tmp_path, f"{port_scan}{quiet}{FORGED.replace('1795600145: ', '')}no time: x\n\n99999999999999999: y\n") == []


def test_each_is_told_once_and_half_a_line_waits(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(CONNECTED + FORGED + FORGED[:40])
    log = BrokerLog(file)

    assert (len(log.fresh()), len(log.fresh())) == (1, 0)
    with file.open("a") as more:
        more.write(FORGED[40:])
    assert (len(log.fresh()), len(log.fresh())) == (1, 0)


def test_a_log_that_began_anew_is_read_from_its_begin(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(CONNECTED + FORGED)
    log = BrokerLog(file)
    log.fresh()

    file.write_text(FORGED)

    assert len(log.fresh()) == 1


def test_a_log_that_has_grown_is_emptied_once_read(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(FORGED * 10)
    log = BrokerLog(file, most_bytes=400)

    assert sum(len(log.fresh()) for _ in range(6)) == 10
    assert file.stat().st_size == 0


def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="the broker's log cannot be read"):
        BrokerLog(tmp_path / "none").fresh()
