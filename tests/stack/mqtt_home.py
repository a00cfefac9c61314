"""A Home Assistant on a broker that a test can restart, and what it should have of the optimizer's device."""

from contextlib import ExitStack
from pathlib import Path

from tests.stack.home_assistant import RunningHomeAssistant, free_port, home_assistant
from tests.stack.homeassistant_examples import AUTOMATIONS, RECORDER, simulated
from tests.stack.mosquitto import Mosquitto
from tests.stack.mqtt_house import states

SENSORS = ("mode", "mode_label", "reason", "plan_source", "target_soc", "expected_soc", "price_now", "price_next", "stored_value")
SAVED = tuple(f"saved_{period}_{case}" for period in ("day", "month") for case in ("no_battery", "self_use", "rules"))
MORE_SENSORS = ("next_change", "plan", "plan_cost", "explanation", "load_forecast_error", "solar_forecast_error", *SAVED)
CONTROLS = ("binary_sensor.battery_optimizer_problem", "number.battery_optimizer_reserve_soc")
MORE_CONTROLS = ("select.battery_optimizer_override", "switch.battery_optimizer_dry_run")
ENTITIES = {*(f"sensor.battery_optimizer_{key}" for key in (*SENSORS, *MORE_SENSORS)), *CONTROLS, *MORE_CONTROLS}


class Home:
    """A Home Assistant that a test can restart."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.broker, self.port, self.stack = folder, broker, free_port(), ExitStack()
        self.running = self._start()

    def restart(self) -> None:
        self.stack.close()
        self.running = self._start()

    def _start(self) -> RunningHomeAssistant:
        packages = (AUTOMATIONS, RECORDER, simulated(self.folder / "given"))
        started = home_assistant(self.folder, port=self.port, mqtt=self.broker.entry(), packages=packages)
        return self.stack.enter_context(started)


def available(home: Home) -> bool:
    found = states(home.running)
    return set(found) == ENTITIES and "unavailable" not in found.values()


def gone(home: Home) -> bool:
    return set(states(home.running).values()) == {"unavailable"}
