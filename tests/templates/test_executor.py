"""What the flow is told of a model in one house: the model's own, and with whatever is special about that house."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import InvalidInputError, NotFoundError
from app.templates.executor import executor_profile

NODERED = Path(__file__).parents[2] / "nodered"
NO_PAUSE = {"settings": {"pause": None}}


def told(model: str, **own: object) -> dict[str, Any]:
    return executor_profile(model, own=own)


def build(*asked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(NODERED / "profiles.py"), *asked], capture_output=True, text=True, check=False)


def test_the_flow_has_what_the_models_give() -> None:
    checked = build("--check")

    assert checked.returncode == 0, checked.stderr


def test_a_profile_or_a_table_that_drifts_is_noticed_and_put_right(tmp_path: Path) -> None:
    guide = (NODERED / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(guide.replace("| `tesla` | `tesla` |", "| `tesla` | `edison` |"), encoding="utf-8")

    stale = build("--check", "--into", str(tmp_path))
    assert (stale.returncode, stale.stderr) == (1, "profiles.json, README.md: not what the models give; run nodered/profiles.py\n")
    assert build("--into", str(tmp_path)).returncode == 0
    assert build("--check", "--into", str(tmp_path)).returncode == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == guide


def test_a_house_without_anything_special_is_told_the_model() -> None:
    fox = told("fox_ess")

    assert (fox["profile"], fox["tells"], fox["lacks"]) == ("fox_ess", "mode", {})
    assert fox["settings"]["charge_power"] == {"entity": "number.force_charge_power", "unit": "kW", "least": 0}
    assert fox["modes"]["force_charge"] == [["charge_power", "$power"], ["max_soc", "$target_soc"], ["mode", "Force Charge"]]
    assert json.loads(json.dumps(fox)) == fox


def test_a_givenergy_without_the_pause_select_does_every_mode_but_hold() -> None:
    usual, without = told("givenergy"), told("givenergy", **NO_PAUSE)

    assert without["lacks"] == usual["lacks"] | {"hold": "pause is switched off in this house"}
    assert set(without["modes"]) == {"self_use", "force_charge", "force_discharge"}
    for mode, steps in without["modes"].items():
        assert steps == [step for step in usual["modes"][mode] if step[0] != "pause"]
    assert without["settings"]["pause"] == {"entity": ""}


def test_an_own_entity_and_an_own_word_take_the_place_of_the_models() -> None:
    own = told(
        "givenergy",
        settings={"mode": "select.my_mode"},
        words={"mode": {"force_discharge": "Export"}},
        device_id="abc",
        max_power_kw=3.6,
    )

    assert own["settings"]["mode"] == {"entity": "select.my_mode"}
    assert own["modes"]["force_discharge"][-1] == ["mode", "Export"]
    assert own["modes"]["self_use"][-1] == ["mode", "Eco"]
    assert (own["device_id"], own["max_power_kw"]) == ("abc", 3.6)


def test_a_word_that_a_house_has_not_got_is_left_out_or_takes_its_mode_with_it() -> None:
    own = told("givenergy", words={"pause": {"self_use": None, "hold": None}})

    assert ["pause", "Disabled"] not in own["modes"]["self_use"]
    assert ["pause", "Disabled"] in own["modes"]["force_charge"]
    assert own["lacks"]["hold"] == "pause has no option for it in this house"


@pytest.mark.parametrize(
    ("own", "sensor"),
    [
        ("sensor.mine", {"entity": "sensor.mine"}),
        ({"sign": 1}, {"entity": "sensor.invbatpower", "sign": 1}),
        ({"entity": "sensor.mine", "minus": "sensor.out"}, {"entity": "sensor.mine", "minus": "sensor.out"}),
        (None, {"entity": ""}),
    ],
)
def test_a_sensor_has_the_houses_entity_and_sign(own: object, sensor: dict[str, object]) -> None:
    fox = told("fox-ess", sensors={"battery_kw": own})

    assert fox["sensors"]["battery_kw"] == sensor
    assert fox["sensors"]["soc_pct"] == {"entity": "sensor.battery_soc"}


@pytest.mark.parametrize(
    ("model", "own", "complaint"),
    [
        ("fox_ess", {"settings": {"mode": None}}, "cannot go back to self-use: mode is switched off in this house"),
        ("growatt", {"settings": {"update": None}}, "cannot go back to self-use: update is switched off in this house"),
        ("fox_ess", {"words": {"mode": {"self_use": None}}}, "cannot go back to self-use: mode has no option for it"),
        ("fox_ess", {"settings": {"mood": "select.mood"}}, "has no role mood; there are mode, charge_power"),
        ("fox_ess", {"words": {"charge_power": {"force_charge": "much"}}}, "sets no option of charge_power in force_charge"),
        ("fox_ess", {"settings": {"mode": "work mode"}}, "settings.mode: String should match pattern"),
        ("fox_ess", {"settings": {"mode": ""}}, "settings.mode: String should match pattern"),
        ("fox_ess", {"sensors": {"colour": "sensor.x"}}, "sensors.colour"),
        ("fox_ess", {"sensors": {"soc_pct": {"sign": 2}}}, "sensors.soc_pct"),
        ("fox_ess", {"max_power_kw": 0}, "max_power_kw: Input should be greater than 0"),
        ("fox_ess", {"colour": "red"}, "colour: Extra inputs are not permitted"),
        ("foxess-h1", {}, "not driven from outside by way of home_assistant"),
    ],
)
def test_a_house_that_cannot_be_is_refused_with_its_reason(model: str, own: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        executor_profile(model, own=own)

    assert complaint in str(refused.value)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no inverter model named 'acme'"):
        executor_profile("acme")
