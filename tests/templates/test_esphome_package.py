"""The packages that ESPHome gets are what the templates say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.templates.esphome_orders import written
from app.templates.esphome_package import package
from app.templates.esphome_sensors import HOUSE
from app.templates.template import Template, load_all
from app.templates.words import count, span

ESPHOME = Path(__file__).parents[2] / "esphome"
TEMPLATES = load_all()
S16 = {"min": -32768, "max": 32767}


def build(*asked: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ESPHOME / "build.py"), *asked], capture_output=True, text=True, check=False)


def test_the_packages_and_the_guide_are_what_the_templates_give() -> None:
    checked = build("--check")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_whatever_drifts_is_noticed_and_put_right(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text((ESPHOME / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    assert build("--into", str(tmp_path)).returncode == 0
    packages, guide = tmp_path / "packages" / "inverters", tmp_path / "README.md"
    fox = packages / "foxess-h1.yaml"
    fox.write_text(fox.read_text(encoding="utf-8").replace("44000", "44001"), encoding="utf-8")
    guide.write_text(
        guide.read_text(encoding="utf-8").replace("`huawei-luna2000`, read-only", "`huawei-luna2000`, verified"), encoding="utf-8"
    )
    (packages / "of-nobody.yaml").write_text("", encoding="utf-8")

    stale = build("--check", "--into", str(tmp_path))
    assert stale.returncode == 1
    assert "README.md, foxess-h1.yaml, of-nobody.yaml" in stale.stderr
    assert build("--into", str(tmp_path)).returncode == 0
    assert build("--check", "--into", str(tmp_path)).returncode == 0
    assert not (packages / "of-nobody.yaml").exists()


@pytest.mark.slow
def test_a_guide_without_its_marked_part_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")

    refused = build("--into", str(tmp_path))
    assert refused.returncode == 1
    assert "README.md" in refused.stderr
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# Mine\n"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_a_package_has_the_shape_of_the_protocol(template: Template) -> None:
    made = yaml.safe_load(package(template))
    component = made["battery_dongle"]

    assert (component["inverter"], component["verified"]) == (template.id, template.verified)
    named = {each["id"] for sensor in made["sensor"] for each in (sensor, *sensor.values()) if isinstance(each, dict) and "name" in each}
    assert "soc" in named
    assert named <= {sensor_id for sensor_id, _ in HOUSE.values()}
    assert {mode: len(steps) for mode, steps in component.get("modes", {}).items()} == {
        mode: len(steps) for mode, steps in template.modes.items()
    }
    for steps in component.get("modes", {}).values():
        for step in steps:
            assert step["function"] in (6, 16)
            assert step["write_class"] in ("ram", "flash")
            assert ("value" in step) != ("values" in step)


def test_fox_is_as_the_protocol_shows_it() -> None:
    fox = next(template for template in TEMPLATES if template.id == "foxess-h1")
    made = yaml.safe_load(package(fox))

    assert made["battery_dongle"]["modes"]["force_charge"][1:] == [
        {"register": 44001, "function": 6, "value": 60, "write_class": "ram"},
        {"register": 44000, "function": 6, "value": 1, "write_class": "ram", "check": True},
        {"register": 44002, "function": 16, "value": "power", "scale": -1, **S16, "words": 1, "write_class": "ram", "refresh": True},
    ]
    power = next(sensor for sensor in made["sensor"] if sensor["id"] == "battery_power")
    assert (power["address"], power["register_type"], power["value_type"]) == (11008, "read", "S_WORD")
    assert power["filters"][0] == {"multiply": -1}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.id)
def test_every_number_of_an_order_is_bounded_by_the_register_it_goes_to(template: Template) -> None:
    controls = template.controls
    for step in (each for steps in template.modes.values() for each in steps):
        kinds = controls[step.write].kinds
        told: dict[str, Any] = dict(written(step, controls[step.write]))
        values: list[Any] = told.get("values", [told])
        for value, kind in zip(values, kinds, strict=True):
            if isinstance(value, dict) and isinstance(value["value"], str) and count(kind) == 1:
                low, high = span(kind)
                assert low <= value["min"] < value["max"] <= high
