"""Dongles to database over a real Mosquitto: nothing lost and nothing doubled, whoever is killed meanwhile."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.storage.database import Database, upgrade
from tests.stack import mosquitto
from tests.stack.dongle_fleet import Fleet
from tests.stack.listening import Listener, claim, revoke, settings, wait_for
from tests.stack.mariadb import MariaDb
from tests.stack.mosquitto import HOST, PASSWORDS, Mosquitto
from tests.stack.parts import require

pytestmark = pytest.mark.stack
DONGLES = 500
UNKEEPABLE = (b"1e999", b'"\\ud800"', b'"\xed\xa0\x80"', b"[" * 900 + b"]" * 900, b'"' + b"\xc3\xbc" * 900 + b'"', b"2e308", b"9" * 1900)
"""No number, no text, no flat object, too long, or just about to be."""
FACTOR = 4.0
"""The dongles' clocks run faster, so that a test of seconds has minutes in it: 50 live samples and 8 records a second, times four."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    require(mosquitto.is_installed(), "mosquitto")
    running = Mosquitto(tmp_path / "broker", keeps=True)
    running.folder.mkdir()
    running.start()
    yield running
    running.kill()


@pytest.fixture
def url(mariadb: MariaDb) -> str:
    mariadb.execute("DROP DATABASE IF EXISTS listening")
    found = mariadb.url("listening")
    upgrade(found)
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    claim(opened, [f"bat_{n:06d}" for n in range(DONGLES)])
    yield opened
    opened.close()


@pytest.fixture
def listener(tmp_path: Path, broker: Mosquitto, url: str, database: Database) -> Iterator[Listener]:  # noqa: ARG001
    started = Listener(tmp_path / "listener", settings(broker, url))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def fleet(broker: Mosquitto, listener: Listener) -> Iterator[Fleet]:
    wait_for(lambda: "devices/+/status" in broker.log(), 30, listener.said)  # the first time ever, nobody keeps what is sent before
    speaking = Fleet(DONGLES, HOST, broker.port, "dongles", PASSWORDS["dongles"], str(broker.ca_file))
    speaking.start()
    speaking.statuses()
    yield speaking
    speaking.stop()


def rows(mariadb: MariaDb, which: str) -> int:
    return int(mariadb.execute(f"SELECT COUNT(*) FROM listening.telemetry WHERE {which}")[0][0])  # noqa: S608  our own words


def test_every_sample_is_stored_once_and_every_record_acknowledged(fleet: Fleet, mariadb: MariaDb, listener: Listener) -> None:
    fleet.run(20, factor=FACTOR)

    wait_for(lambda: rows(mariadb, "seq IS NULL") == fleet.live_sent, 30, lambda: (rows(mariadb, "1"), fleet.live_sent, listener.said()))
    assert rows(mariadb, "seq IS NOT NULL") == fleet.records > 0
    wait_for(lambda: fleet.waiting() == 0, 45, lambda: (fleet.waiting(), listener.said()))


def test_a_killed_listener_loses_nothing(fleet: Fleet, mariadb: MariaDb, listener: Listener) -> None:
    speaking = threading.Thread(target=fleet.run, args=(18,), kwargs={"factor": FACTOR})
    speaking.start()
    for _ in range(4):
        time.sleep(3.1)
        listener.kill()
        time.sleep(0.4)
        listener.start()
    speaking.join()

    wait_for(lambda: rows(mariadb, "seq IS NULL") == fleet.live_sent, 40, lambda: (rows(mariadb, "1"), fleet.live_sent, listener.said()))
    assert rows(mariadb, "seq IS NOT NULL") == fleet.records
    fleet.resend()
    wait_for(lambda: fleet.waiting() == 0, 60, lambda: (fleet.waiting(), listener.said()))


def test_a_killed_database_loses_nothing(fleet: Fleet, mariadb: MariaDb, listener: Listener) -> None:
    speaking = threading.Thread(target=fleet.run, args=(18,), kwargs={"factor": FACTOR})
    speaking.start()
    time.sleep(3)
    mariadb.kill()
    time.sleep(6)
    mariadb.start()
    speaking.join()

    wait_for(lambda: rows(mariadb, "seq IS NULL") == fleet.live_sent, 60, lambda: (rows(mariadb, "1"), fleet.live_sent, listener.said()))
    assert rows(mariadb, "seq IS NOT NULL") == fleet.records
    assert listener.rss_mb() < 256


def test_a_killed_broker_loses_no_record(fleet: Fleet, broker: Mosquitto, mariadb: MariaDb, listener: Listener) -> None:
    speaking = threading.Thread(target=fleet.run, args=(18,), kwargs={"factor": FACTOR})
    speaking.start()
    time.sleep(5)
    broker.kill()
    time.sleep(2)
    broker.start()
    speaking.join()
    wait_for(fleet.client.is_connected, 10, lambda: "the fleet is not back")
    fleet.resend()

    wait_for(
        lambda: rows(mariadb, "seq IS NOT NULL") == fleet.records,
        60,
        lambda: (rows(mariadb, "seq IS NOT NULL"), fleet.records, listener.said()),
    )
    fleet.resend()
    wait_for(lambda: fleet.waiting() == 0, 60, lambda: (fleet.waiting(), listener.said()))
    assert fleet.live_sent - rows(mariadb, "seq IS NULL") <= DONGLES, "more live samples were lost than a broker holds in a second"


def test_garbage_of_every_kind_stops_nothing(fleet: Fleet, mariadb: MariaDb, database: Database, listener: Listener) -> None:
    revoke(database, fleet.device(1))
    time.sleep(11)
    topic = f"devices/{fleet.device(0)}/telemetry"
    now = int(time.time()) // 10 * 10
    good = {"v": 1, "ts": now, "span_s": 10, "battery.soc": 50}
    for payload in (
        b"",
        b"\xff\x00",
        b"{}",
        b"[" * 1000,
        b"x" * 5000,
        json.dumps(good | {"ts": now + 9999}),
        json.dumps(good | {"battery.soc": 255}),
    ):
        fleet.client.publish(topic, payload, qos=1)
    for device in (fleet.device(1), "bat_nobody", "no-such-prefix", "bat_" + "a" * 200, "bat_ü"):
        fleet.client.publish(f"devices/{device}/telemetry", json.dumps(good), qos=1)
        fleet.client.publish(f"devices/{device}/status", json.dumps({"v": 1, "online": True}), qos=1)
        fleet.client.publish(f"devices/{device}/commands/response", b'{"v":1,"id":"x","ts":1,"status":"confirmed"}', qos=1)
    for n, payload in enumerate(UNKEEPABLE, start=2):  # from a device each: of one, only the newest status is kept
        fleet.client.publish(f"devices/{fleet.device(n)}/status", b'{"v":1,"online":true,"fault":%b}' % payload, qos=1)
        answer = b'{"v":1,"id":"x","ts":1795219200,"status":"failed","reason":%b}' % payload
        fleet.client.publish(f"devices/{fleet.device(n)}/commands/response", answer, qos=1)
    time.sleep(1)  # what follows is of a later batch
    fleet.client.publish(topic, json.dumps(good), qos=1)

    wait_for(lambda: rows(mariadb, "1") == 1, 15, lambda: (rows(mariadb, "1"), listener.said()))
    with database.engine.connect() as connection:
        noted = connection.execute(text("SELECT standing FROM devices WHERE id = 'bat_nobody'")).scalar()
        refused = set(connection.execute(text("SELECT subject FROM audit WHERE action = 'device.unheard'")).scalars())
    assert noted == "unclaimed"
    assert {fleet.device(1), "no-such-prefix"} <= refused
    assert "unforeseen" not in listener.said()


def test_a_device_that_counts_too_far_holds_no_other_up(fleet: Fleet, listener: Listener) -> None:
    for n, seq in enumerate((2**63 - 1, 2**32 - 1)):
        record = {"v": 1, "ts": int(time.time()) // 60 * 60 - 1, "span_s": 60, "seq": seq, "battery.soc": 50}
        fleet.client.publish(f"devices/{fleet.device(n)}/status", json.dumps({"v": 1, "online": True, "oldest": seq}), qos=1)
        fleet.client.publish(f"devices/{fleet.device(n)}/telemetry", json.dumps(record), qos=1)
    time.sleep(2)

    fleet.run(5, factor=13)

    wait_for(lambda: fleet.waiting() == 0, 45, lambda: (fleet.waiting(), listener.said()))
    assert fleet.records > 0
    assert "unforeseen" not in listener.said()
