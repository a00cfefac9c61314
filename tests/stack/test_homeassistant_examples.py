"""The example for people without a broker, loaded by a real Home Assistant that asks the real service."""

from pathlib import Path

import pytest

from tests.stack import mosquitto
from tests.stack.home_assistant import home_assistant, until
from tests.stack.homeassistant_examples import rest
from tests.stack.install_home_assistant import is_installed
from tests.stack.mosquitto import Mosquitto
from tests.stack.mqtt_house import QUICKLY_S, MqttHouse, ask, attributes, complaints
from tests.stack.parts import require
from tests.stack.service import TOKEN

pytestmark = pytest.mark.stack


def test_the_rest_example_shows_the_recommendation_and_refreshes(tmp_path: Path) -> None:
    require(is_installed(), "home assistant")
    require(mosquitto.is_installed(), "mosquitto")
    house = MqttHouse(broker=Mosquitto(tmp_path), folder=tmp_path)
    guarded = {"OPTIMIZER_MQTT__HOST": "", "OPTIMIZER_API__ADMIN_TOKEN": TOKEN}
    with house.served(**guarded) as running:
        config = tmp_path / "config"
        package = rest(tmp_path / "given", str(running.http.base_url))
        config.mkdir()
        (config / "secrets.yaml").write_text(f'battery_optimizer_token: "Bearer {TOKEN}"\n')
        told = running.now()
        with home_assistant(config, packages=[package]) as home:
            until(lambda: home.state("sensor.battery_plan_mode") == told["mode_code"], QUICKLY_S, "the mode is shown")
            assert attributes(home, "sensor.battery_plan_mode")["reason"] == told["reason"]
            assert float(home.state("sensor.electricity_price_now")) == pytest.approx(told["price"]["import_per_kwh"])
            assert float(home.state("sensor.value_of_a_stored_kwh")) == pytest.approx(told["stored_kwh_value"])
            target = told["target_soc_pct"]
            assert home.state("sensor.battery_plan_target") == ("unavailable" if target is None else str(target))
            refresh = {"domain": "rest_command", "service": "battery_optimizer_refresh_prices", "return_response": True}
            answer = ask(home, type="call_service", **refresh)["response"]
            assert answer["status"] == 200
            assert answer["content"]["missing_slots"] == []
            assert complaints(home) == []
