"""The optimizer as a device of a real Home Assistant over a real broker: it appears, it obeys, it goes and comes back."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.stack import mosquitto
from tests.stack.home_assistant import until
from tests.stack.install_home_assistant import is_installed
from tests.stack.mosquitto import Mosquitto
from tests.stack.mqtt_home import ENTITIES, Home, available, gone
from tests.stack.mqtt_house import PATIENTLY_S, QUICKLY_S, MqttHouse, ask, attributes, call, complaints, push, states, wished
from tests.stack.parts import require
from tests.stack.service import RunningService

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    require(is_installed(), "home assistant")
    require(mosquitto.is_installed(), "mosquitto")
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    try:
        found = Home(tmp_path_factory.mktemp("home") / "config", broker)
        with found.stack:
            yield found
    finally:
        broker.kill()


@pytest.fixture
def house(home: Home, tmp_path: Path) -> MqttHouse:
    return MqttHouse(broker=home.broker, folder=tmp_path)


def audited(house: MqttHouse) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(house.folder / "home.db")) as connection:
        return list(connection.execute("SELECT actor, action FROM audit ORDER BY at"))


def _is_told(state: str, savings: dict[str, Any], saved: float) -> bool:
    """Tell whether an entity says what the API says; of hours of which nothing is settled it says nothing."""
    if savings["count"]["settled_hours"] + savings["count"]["estimated_hours"] == 0:
        return state == "unknown"
    return abs(float(state) - saved) <= 0.006


def test_the_device_appears_and_says_what_the_api_says(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        told, plan = running.now(), running.get("/api/v1/plan")
        decision = "sensor.battery_optimizer_reason"
        until(lambda: attributes(home.running, decision)["decision_id"] == told["decision_id"], PATIENTLY_S, "the decision is shown")
        found = states(home.running)
        assert found["sensor.battery_optimizer_mode"] == told["mode_code"]
        assert found["sensor.battery_optimizer_mode_label"] == told["mode"]
        assert found["sensor.battery_optimizer_reason"] == told["reason"][:255]
        assert found["sensor.battery_optimizer_plan_source"] == "optimizer"
        assert float(found["sensor.battery_optimizer_price_now"]) == pytest.approx(told["price"]["import_per_kwh"])
        assert float(found["sensor.battery_optimizer_expected_soc"]) == pytest.approx(told["expected_soc"])
        assert float(found["sensor.battery_optimizer_stored_value"]) == pytest.approx(told["stored_kwh_value"])
        assert found["binary_sensor.battery_optimizer_problem"] == "on", "a real house is planned on made-up prices"
        assert (found["number.battery_optimizer_reserve_soc"], found["switch.battery_optimizer_dry_run"]) == ("10.0", "off")
        assert found["select.battery_optimizer_override"] == "Automatic"
        shown = attributes(home.running, "sensor.battery_optimizer_plan")
        assert shown["plan_id"] == plan["plan_id"]
        assert len(shown["start"]) == len(plan["steps"]) == len(shown["soc_pct"])
        why = attributes(home.running, "sensor.battery_optimizer_reason")
        assert (why["decision_id"], why["reason_code"]) == (told["decision_id"], told["reason_code"])
        assert found["sensor.battery_optimizer_explanation"] == told["explanation"]["words"][:255]
        explained = attributes(home.running, "sensor.battery_optimizer_explanation")
        assert {mode: each["why_not"] for mode, each in explained["alternatives"].items()} == {
            each["mode_code"]: each["why_not"] for each in told["alternatives"]
        }
        for period in ("day", "month"):
            savings = running.get("/api/v1/savings", period=period)
            for each in savings["baselines"]:
                saved = f"sensor.battery_optimizer_saved_{period}_{each['case']}"
                assert _is_told(found[saved], savings, each["saved"])
                kept = attributes(home.running, saved)
                assert (kept["device_class"], kept["state_class"], kept["unit_of_measurement"]) == ("monetary", "total", "GBP")
                assert datetime.fromisoformat(kept["last_reset"]) == datetime.fromisoformat(savings["start"])
        assert running.health()["mqtt"].startswith("ok: connected")
        assert 'component="mqtt"} 0.0' in running.http.get("/metrics").text


def test_one_device_with_every_entity_by_its_name(home: Home, house: MqttHouse) -> None:
    with house.served():
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        (device,) = (
            each for each in ask(home.running, type="config/device_registry/list") if "battery_optimizer" in str(each["identifiers"])
        )
        assert (device["name"], device["model"]) == ("Battery optimizer", "Home battery")
        entities = [each for each in ask(home.running, type="config/entity_registry/list") if each["device_id"] == device["id"]]
        assert {each["entity_id"] for each in entities} == ENTITIES
        assert {each["unique_id"] for each in entities} == {entity.split(".")[1] for entity in ENTITIES}


def test_the_energy_dashboard_takes_the_price(home: Home, house: MqttHouse) -> None:
    with house.served():
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        until(lambda: home.running.state("sensor.battery_optimizer_price_now") != "unknown", PATIENTLY_S, "the price is known")
        bought = {"stat_energy_from": "sensor.grid_import", "stat_cost": None, "number_energy_price": None}
        bought["entity_energy_price"] = "sensor.battery_optimizer_price_now"
        grid = {"type": "grid", "flow_from": [bought], "flow_to": [], "cost_adjustment_day": 0.0}
        ask(home.running, type="energy/save_prefs", energy_sources=[grid], device_consumption=[])
        issues = [issue for source in ask(home.running, type="energy/validate")["energy_sources"] for issue in source]
        assert [issue for issue in issues if "battery_optimizer" in str(issue["affected_entities"])] == []
        bought["entity_energy_price"] = "number.battery_optimizer_reserve_soc"  # the same question does find a wrong unit
        ask(home.running, type="energy/save_prefs", energy_sources=[grid], device_consumption=[])
        issues = [issue for source in ask(home.running, type="energy/validate")["energy_sources"] for issue in source]
        assert "entity_unexpected_unit_energy_price" in {issue["type"] for issue in issues}
        ask(home.running, type="energy/save_prefs", energy_sources=[], device_consumption=[])


def test_the_plan_is_shown_and_not_recorded(home: Home, house: MqttHouse) -> None:
    with house.served():
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        time.sleep(1.5)  # the recorder commits every second
        wanted = [f"sensor.battery_optimizer_{key}" for key in ("plan", "explanation", "mode")]
        query = {"type": "history/history_during_period", "start_time": "2020-01-01T00:00:00Z", "entity_ids": wanted}
        assert set(ask(home.running, **query)) == {"sensor.battery_optimizer_mode"}


def test_reserve_override_and_dry_run_work_from_home_assistant(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        call(home.running, "number.set_value", "number.battery_optimizer_reserve_soc", value=35)
        until(lambda: running.get("/api/v1/settings/control")["reserve_pct"] == 35, QUICKLY_S, "the reserve is set")
        until(lambda: states(home.running)["number.battery_optimizer_reserve_soc"] == "35.0", QUICKLY_S, "it comes back")

        call(home.running, "switch.turn_on", "switch.battery_optimizer_dry_run")
        until(lambda: running.get("/api/v1/settings/control")["dry_run"], QUICKLY_S, "dry run is on")
        until(lambda: states(home.running)["switch.battery_optimizer_dry_run"] == "on", QUICKLY_S, "it comes back")
        call(home.running, "switch.turn_off", "switch.battery_optimizer_dry_run")
        until(lambda: not running.get("/api/v1/settings/control")["dry_run"], QUICKLY_S, "dry run is off")

        for mode in ("force_charge", "hold"):
            call(home.running, "select.select_option", "select.battery_optimizer_override", option=mode)
            until(lambda: running.now()["mode_code"] == mode, QUICKLY_S, "the mode is forced")  # noqa: B023  (waited for at once)
            until(lambda: states(home.running)["sensor.battery_optimizer_mode"] == mode, QUICKLY_S, "it is shown")  # noqa: B023
            time.sleep(1.0)  # overrides are told apart by their second
        forced = running.get("/api/v1/overrides")["overrides"]
        assert [(each["mode_code"], each["holds_until"] is not None) for each in forced] == [("force_charge", False), ("hold", True)]
        assert states(home.running)["select.battery_optimizer_override"] == "hold"
        call(home.running, "select.select_option", "select.battery_optimizer_override", option="Automatic")
        until(lambda: running.get("/api/v1/overrides")["overrides"] == [], QUICKLY_S, "it is gone")
        until(lambda: states(home.running)["select.battery_optimizer_override"] == "Automatic", QUICKLY_S, "it comes back")
        assert running.now()["plan_source"] == "optimizer"
    changes = ["settings.changed"] * 3 + ["override.set", "override.set", "override.removed", "override.removed"]
    assert [each for each in audited(house) if each[0] != "take-over"] == [("home assistant", action) for action in changes]


def test_what_people_change_elsewhere_is_shown_too(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        running.http.put("/api/v1/settings/control", json={"reserve_pct": 22}).raise_for_status()
        until(lambda: states(home.running)["number.battery_optimizer_reserve_soc"] == "22.0", PATIENTLY_S, "the reserve is shown")


def test_killed_it_is_unavailable_and_back_it_is_available(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        running.kill()
        until(lambda: gone(home), 4, "the last will is known")
    with house.served():
        until(lambda: available(home), QUICKLY_S, "all entities are back")


def test_ended_in_order_it_says_goodbye(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        assert running.terminate() in {0, -15}
        assert house.broker.retained("battery_optimizer/home/availability") == {"battery_optimizer/home/availability": "offline"}
        until(lambda: gone(home), 4, "it is gone")
        assert "Traceback" not in running.said()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_broker_restarts_and_everything_returns(home: Home, house: MqttHouse, end: str) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        getattr(house.broker, end)()
        until(lambda: running.health()["mqtt"].startswith("failed"), QUICKLY_S, "health says it")
        assert running.now()["plan_source"] == "optimizer"
        until(lambda: gone(home), QUICKLY_S, "Home Assistant notices")
        house.broker.start()
        until(lambda: available(home), PATIENTLY_S, "all entities are back")
        until(lambda: running.health()["mqtt"].startswith("ok"), QUICKLY_S, "health says it")
        call(home.running, "number.set_value", "number.battery_optimizer_reserve_soc", value=15)
        until(lambda: running.get("/api/v1/settings/control")["reserve_pct"] == 15, QUICKLY_S, "controls work again")


def test_home_assistant_restarts_and_is_told_again_without_doubles(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        before = house.broker.log().count("Received PUBLISH from battery_optimizer")
        home.restart()
        until(lambda: available(home), QUICKLY_S, "all entities are back")
        until(
            lambda: house.broker.log().count("Received PUBLISH from battery_optimizer") >= before + 4, PATIENTLY_S, "it is announced again"
        )
        assert available(home)
        call(home.running, "number.set_value", "number.battery_optimizer_reserve_soc", value=25)
        until(lambda: running.get("/api/v1/settings/control")["reserve_pct"] == 25, QUICKLY_S, "controls work again")


def test_a_wish_of_yesterday_and_garbage_do_nothing(home: Home, house: MqttHouse) -> None:
    topic = "battery_optimizer/home/{}/set"
    house.broker.publish(topic.format("override"), "force_discharge", retain=True)
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        for key, text in (
            ("override", "explode"),
            ("reserve_soc", "nan"),
            ("reserve_soc", "101"),
            ("dry_run", "x" * 9000),
            ("nothing", "ON"),
        ):
            house.broker.publish(topic.format(key), text)
        house.broker.publish(topic.format("reserve_soc"), "33")
        until(lambda: wished(running) == (33.0, False), QUICKLY_S, "it still listens")
        assert running.get("/api/v1/overrides")["overrides"] == []
        assert running.health()["mqtt"].startswith("ok")
        assert "Traceback" not in running.said()
    house.broker.publish(topic.format("override"), "", retain=True)


def test_a_problem_is_shown(home: Home, house: MqttHouse) -> None:
    problem, source = "binary_sensor.battery_optimizer_problem", "sensor.battery_optimizer_plan_source"
    with house.served() as running:
        _pays_fixed_prices(running)
        until(lambda: home.running.state(problem) == "off", PATIENTLY_S, "all is well")
        _forget_readings(house)
        assert running.now()["plan_source"] in {"rules", "last_plan"}
        until(lambda: home.running.state(problem) == "on", PATIENTLY_S, "the problem is shown")
        assert home.running.state(source) in {"rules", "last_plan"}


def _pays_fixed_prices(running: RunningService) -> None:
    """Give the house a tariff that is not made up, which is a problem of its own."""
    fixed = {"tariff": {"agreements": [{"import": {"source": "fixed", "per_kwh": 0.25}, "export": {"source": "fixed", "per_kwh": 0.12}}]}}
    seen = running.http.get("/api/v1/sites/home").headers["ETag"]
    headers = {"If-Match": seen, "Content-Type": "application/merge-patch+json"}
    running.http.patch("/api/v1/sites/home", json=fixed, headers=headers).raise_for_status()
    running.post("/api/v1/prices/refresh")


def _forget_readings(house: MqttHouse) -> None:
    """Have the house be as if it had been silent for long."""
    with closing(sqlite3.connect(house.folder / "home.db", timeout=PATIENTLY_S)) as database, database:
        database.execute("DELETE FROM readings")


def test_the_example_automations_do_what_they_say(home: Home, house: MqttHouse) -> None:
    with house.served() as running:
        until(lambda: available(home), QUICKLY_S, "all entities are there")
        push(running, 51)
        loaded = {
            each["attributes"].get("id"): each["state"]
            for each in ask(home.running, type="get_states")
            if "automation." in each["entity_id"]
        }
        assert loaded == dict.fromkeys(["battery_optimizer_" + name for name in AUTOMATION_NAMES], "on")
        call(home.running, "select.select_option", "select.battery_optimizer_override", option="hold")
        until(lambda: home.running.state("sensor.battery_optimizer_mode") == "hold", QUICKLY_S, "hold is shown")
        call(home.running, "select.select_option", "select.battery_optimizer_override", option="force_charge")
        until(lambda: home.running.state("switch.ev_charger") == "off", QUICKLY_S, "the car waits")
        notes = ask(home.running, type="persistent_notification/get")
        assert "Battery: Force Charge" in {each["title"] for each in notes}
        call(home.running, "select.select_option", "select.battery_optimizer_override", option="self_use")
        until(lambda: home.running.state("switch.ev_charger") == "on", QUICKLY_S, "the car goes on")
        call(home.running, "input_boolean.turn_on", "input_boolean.storm")
        until(lambda: running.get("/api/v1/settings/control")["reserve_pct"] == 80, QUICKLY_S, "the reserve is raised")
        call(home.running, "input_boolean.turn_off", "input_boolean.storm")
        until(lambda: running.get("/api/v1/settings/control")["reserve_pct"] == 10, QUICKLY_S, "the reserve is back")


AUTOMATION_NAMES = ("says_what_it_does", "says_what_is_wrong", "before_the_car", "before_a_storm")


def test_home_assistant_has_nothing_to_complain_of(home: Home) -> None:
    told = [line for line in complaints(home.running) if "MQTT client" not in line and "homeassistant.components.mqtt.client" not in line]
    assert told == []
