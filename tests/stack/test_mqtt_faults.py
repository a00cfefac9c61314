"""A broker that is away, refuses, forbids or hangs: /health says what is the matter, and the optimizer works on without it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import mosquitto
from tests.stack.home_assistant import until
from tests.stack.mosquitto import Mosquitto
from tests.stack.mqtt_house import PATIENTLY_S, QUICKLY_S, MqttHouse, wished
from tests.stack.parts import require
from tests.stack.service import RunningService

pytestmark = pytest.mark.stack

AVAILABILITY = "battery_optimizer/home/availability"
DISCOVERY = "homeassistant/device/battery_optimizer/config"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[MqttHouse]:
    require(mosquitto.is_installed(), "mosquitto")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield MqttHouse(broker=broker, folder=tmp_path)
    finally:
        broker.kill()


def healthy(running: RunningService) -> bool:
    return running.health()["mqtt"].startswith("ok")


def answers_at_once(running: RunningService) -> bool:
    began = time.monotonic()
    told = running.now()
    return told["plan_source"] == "optimizer" and time.monotonic() - began < 3


def test_a_wrong_password_is_named_and_costs_nothing_else(house: MqttHouse) -> None:
    with house.served(**house.broker.settings(password="wrong")) as running:  # noqa: S106
        until(lambda: "mqtt" in running.health() and "uthor" in running.health()["mqtt"], QUICKLY_S, "health says it")
        assert running.health()["mqtt"].startswith(f"failed: 127.0.0.1:{house.broker.port}: ")
        assert running.health()["http"] == "200"
        assert answers_at_once(running)
        assert "wrong" not in running.said()
    assert house.broker.retained("#") == {}


def test_a_ca_file_that_is_not_there_is_named(house: MqttHouse) -> None:
    with house.served(OPTIMIZER_MQTT__CA_FILE="/nowhere/ca.crt") as running:
        until(lambda: "No such file" in running.health()["mqtt"], QUICKLY_S, "health says it")
        assert answers_at_once(running)


def test_plain_text_to_a_tls_broker_is_no_connection(house: MqttHouse) -> None:
    with house.served(OPTIMIZER_MQTT__CA_FILE="") as running:
        until(lambda: running.health()["mqtt"].startswith("failed"), PATIENTLY_S, "health says it")
        assert answers_at_once(running)


def test_a_broker_by_another_ca_is_not_trusted(house: MqttHouse, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Mosquitto(tmp_path / "other")
    other.start()
    other.kill()
    with house.served(OPTIMIZER_MQTT__CA_FILE=str(other.ca_file)) as running:
        until(lambda: "certificate verify failed" in running.health()["mqtt"], QUICKLY_S, "health says it")


def test_a_user_without_rights_is_denied_and_told_so(house: MqttHouse) -> None:
    with house.served(**house.broker.settings("stranger")) as running:
        until(lambda: running.health()["mqtt"].startswith("failed"), 20, "health says it")
        assert f"does not pass on {AVAILABILITY}: user stranger needs the right to read and write it" in running.health()["mqtt"]
        assert answers_at_once(running)
    assert "Denied PUBLISH from battery_optimizer" in house.broker.log()
    assert house.broker.retained("#") == {}


def test_a_stranger_cannot_command(house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: healthy(running), QUICKLY_S, "it is connected")
        house.broker.publish("battery_optimizer/home/dry_run/set", "ON", user="stranger")
        house.broker.publish("battery_optimizer/home/reserve_soc/set", "44")
        until(lambda: wished(running) == (44.0, False), QUICKLY_S, "one was heard")


def test_a_broker_that_comes_later_is_found(house: MqttHouse) -> None:
    house.broker.kill()
    with house.served() as running:
        until(lambda: running.health()["mqtt"].startswith("failed"), QUICKLY_S, "health says it")
        assert answers_at_once(running)
        house.broker.start()
        until(lambda: healthy(running), PATIENTLY_S, "it is connected")
        all_topics = {DISCOVERY, AVAILABILITY, "battery_optimizer/home/state", "battery_optimizer/home/plan"}
        until(lambda: set(house.broker.retained("#")) == all_topics, QUICKLY_S, "everything is said again")


def test_a_hanging_broker_hangs_nobody_and_is_left(house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: healthy(running), QUICKLY_S, "it is connected")
        with house.broker.hung():
            assert answers_at_once(running)
            until(lambda: running.health()["mqtt"].startswith("failed"), 60, "health says it")
            assert answers_at_once(running)
        until(lambda: healthy(running), PATIENTLY_S, "it is connected again")


def test_the_service_ends_in_time_while_the_broker_hangs(house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: healthy(running), QUICKLY_S, "it is connected")
        with house.broker.hung():
            assert running.terminate() in {0, -15}
        assert "Traceback" not in running.said()


def test_a_broker_that_hangs_from_the_start_delays_nothing(house: MqttHouse) -> None:
    with house.broker.hung(), house.served() as running:
        assert answers_at_once(running)
        until(lambda: running.health()["mqtt"].startswith("failed"), PATIENTLY_S, "health says it")
        assert running.terminate() in {0, -15}


def test_without_a_broker_health_says_nothing_of_one(house: MqttHouse) -> None:
    with house.served(OPTIMIZER_MQTT__HOST="") as running:
        assert "mqtt" not in running.health()
