"""Every number of an inverter has a least and a most in each house: the model's, the house's, whichever is tighter."""

from typing import Any

import pytest

from app.document.checked import checked, home_assistant_profile
from app.document.executor import executor
from app.templates.catalogue import all_models
from tests.stack.executor import house

MODELS = [model.id for model in all_models() if model.ways.home_assistant is not None]
OPTIONAL = {"fox-ess": {"settings": {"discharge_current": "number.amps", "max_soc": "number.max_soc"}}}


def settings(model: str, **way: object) -> dict[str, dict[str, Any]]:
    told = executor(checked(house(model, OPTIONAL.get(model, {}) | way)), 1, home_assistant_profile)
    found: dict[str, dict[str, Any]] = told["profile"]["settings"]
    return found


def span(setting: dict[str, Any]) -> tuple[float, float]:
    return setting["least"], setting["most"]


@pytest.mark.parametrize("model", MODELS)
def test_every_number_has_a_least_and_a_most(model: str) -> None:
    numbers = [each for each in settings(model).values() if "unit" in each or each["entity"].startswith("number.")]
    assert all(each["least"] <= each["most"] for each in numbers)
    assert bool(numbers) is (model not in {"growatt", "solis-hybrid", "huawei-luna2000"})


def test_a_set_point_of_the_grid_is_what_the_grid_bears_and_a_power_what_the_battery_does() -> None:
    assert span(settings("victron")["setpoint"]) == (-5000, 15000)
    assert span(settings("solax-g4")["power"]) == (-5000, 5000)
    assert span(settings("solax-g4", max_power_kw=50.0)["power"]) == (-30000, 30000), "no further than the model"
    assert span(settings("fox-ess")["charge_power"]) == (0, 5)
    assert span(settings("fox-ess", max_current_a=80.0)["discharge_current"]) == (0, 80)
    assert span(settings("fox-ess")["max_soc"]) == (0, 100)


def test_the_flow_is_told_what_its_house_can_show() -> None:
    told = executor(checked(house("victron", {})), 1, home_assistant_profile)["plausible"]
    assert (told["load_kw"]["most"] < 30, told["grid_kw"]) == (True, {"least": -19.25, "most": 19.25})
