"""The house of an earlier release's environment is the house of its document, and a bad variable is one readable line."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from app.config.leftover import leftover
from app.document.checked import checked
from app.document.planned import site_of
from app.document.site import SiteDocument
from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity
from app.domain.setting import Preferences
from app.domain.site import Mode
from app.wiring.sources import home_assistant, solar_source

ROOF = {"PLANES": '[{"kwp": 4.2, "tilt_deg": 35, "azimuth_deg": 90}]', "LATITUDE": "59.33", "LONGITUDE": "18.07"}
NONE: Mapping[str, str] = MappingProxyType({})


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of this machine in."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("OPTIMIZER_", "BATTERY_")):
            monkeypatch.delenv(name)


def taken(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str] = NONE, live: Preferences | None = None) -> SiteDocument:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return checked(leftover().taken(live).value)


def test_a_house_with_defaults_is_the_house_of_the_last_release(monkeypatch: pytest.MonkeyPatch) -> None:
    document = taken(monkeypatch)
    site = site_of(document)
    assert (site.battery.reserve_kwh, site.battery.bottom_kwh, site.battery.capacity_kwh) == (1.0, 1.0, 10.0)
    assert (site.grid.import_limit_kw, site.inverter.modes, site.currency) == (15, tuple(Mode), "GBP")
    assert (document.control.executor, document.control.enabled, leftover().names) == ("node_red", True, [])


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OPTIMIZER_BATTERY__CAPACITY_KWH", "-1", "greater than or equal to 0"),
        ("OPTIMIZER_BATTERY__CAPACITY_KWH", "nan", "finite number"),
        ("OPTIMIZER_BATTERY__CHARGE_EFFICIENCY", "95", "less than or equal to 1"),
        ("OPTIMIZER_BATTERY__COLOUR", "blue", "not permitted"),
        ("OPTIMIZER_INVERTER__PROFILE", "vax", "fox_ess, foxess-h1"),
        ("OPTIMIZER_INVERTER__MODES", '["fly"]', "self_use"),
        ("OPTIMIZER_HOUSE__TIME_ZONE", "Mars/Olympus", "Europe/London"),
        ("OPTIMIZER_HOUSE__CURRENCY", "pounds", "pattern"),
        ("OPTIMIZER_TARIFF__SOURCE", "guess", "octopus"),
        ("OPTIMIZER_TARIFF__REGION", "Z", "pattern"),
        ("OPTIMIZER_TARIFF__EXPORT_PER_KWH", "12", "less than 1"),
        ("OPTIMIZER_HOME_ASSISTANT__URL", "homeassistant:8123", "pattern"),
        ("OPTIMIZER_HOME_ASSISTANT__ENTITIES", '{"soc": "sensor.x"}', "soc_pct"),
        ("OPTIMIZER_HOME_ASSISTANT__URL", "http://homeassistant:8123", "a Home Assistant URL needs a token"),
        ("OPTIMIZER_SOLAR__SOURCE", "open_meteo", "needs planes, latitude and longitude"),
        ("OPTIMIZER_SOLAR__SOURCE", "clairvoyance", "history"),
        ("OPTIMIZER_SOLAR__PLANES", '[{"kwp": 4, "tilt_deg": 35, "azimuth_deg": -90}]', "greater than or equal to 0"),
        ("OPTIMIZER_PLANNER__SWITCHING_COST", "-1", "greater than or equal to 0"),
    ],
)
def test_a_bad_value_is_one_line_with_its_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        taken(monkeypatch, {variable: value})
    first = str(caught.value).splitlines()[0]
    assert first.startswith(variable.rpartition("__")[0])
    assert said in first


def test_a_house_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match=r"OPTIMIZER_BATTERY__\*.*in order"):
        taken(monkeypatch, {"OPTIMIZER_BATTERY__RESERVE_PCT": "90", "OPTIMIZER_BATTERY__LIMIT_PCT": "50"})


def test_what_people_changed_while_it_ran_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    live = Preferences(reserve_pct=35, dry_run=True, controller="dongle:bat_60bh37202bfa")
    document = taken(monkeypatch, {"OPTIMIZER_BATTERY__RESERVE_PCT": "15"}, live)
    site = site_of(document)
    assert (site.battery.reserve_kwh, site.battery.bottom_kwh) == (3.5, 1.5)
    assert (document.control.dry_run, document.control.executor) == (True, "dongle:bat_60bh37202bfa")


def test_tokens_become_secrets_and_never_stand_in_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__URL", "http://ha.test:8123")
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__TOKEN", "long-lived")
    monkeypatch.setenv("OPTIMIZER_TARIFF__API_KEY", "sk_live")
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__ENTITIES", '{"soc_pct": "sensor.soc", "battery_kw": "-sensor.power"}')
    found = leftover().taken(None)

    assert found.secrets == {"home_assistant": "long-lived", "octopus": "sk_live"}
    assert "long-lived" not in json.dumps(found.value) + repr(found)
    house = home_assistant(checked(found.value), lambda url: httpx.Client(base_url=url), found.secrets.__getitem__)
    assert house is not None
    assert {quantity: (each.entity_id, each.sign) for quantity, each in house.entities.items()} == {
        Quantity.SOC_PCT: ("sensor.soc", 1),
        Quantity.BATTERY_KW: ("sensor.power", -1),
    }
    house.http.close()


@pytest.mark.parametrize(
    ("source", "more", "name"),
    [
        ("open_meteo", {"QUARTERS": "true"}, "open-meteo"),
        ("smhi", {}, "smhi"),
        ("forecast_solar", {}, "forecast.solar"),
        ("solcast", {"API_KEY": "k", "ROOFTOPS": '["a", "b"]'}, "solcast"),
    ],
)
def test_every_solar_source_is_taken_over(monkeypatch: pytest.MonkeyPatch, source: str, more: dict[str, str], name: str) -> None:
    given = {f"OPTIMIZER_SOLAR__{key}": value for key, value in ({"SOURCE": source} | ROOF | more).items()}
    document = taken(monkeypatch, given)
    clients: list[httpx.Client] = []

    def http(url: str) -> httpx.Client:
        clients.append(httpx.Client(base_url=url))
        return clients[-1]

    found = solar_source(document, http, lambda name: name)
    assert found is not None
    assert found.name == name
    assert site_of(document).solar.peak_kw == 4.2
    clients[0].close()


FLOW = {
    "BATTERY_PROFILE": "givenergy",
    "BATTERY_ENTITY_MODE": "select.mode",
    "BATTERY_ENTITY_SOC_PCT": "sensor.flow_soc",
    "BATTERY_ENTITY_GRID_KW": "sensor.grid",
    "BATTERY_SIGN_GRID_KW": "-1",
    "BATTERY_SIGN_LOAD_KW": "-1",
    "BATTERY_TICK_MINUTES": "2.5",
    "BATTERY_WRITE_BUDGET": "90",
    "BATTERY_NOTIFY": "false",
    "BATTERY_MAX_POWER_KW": "4.2",
    "BATTERY_RESERVE_PCT": "12",
    "BATTERY_DRY_RUN": "true",
    "BATTERY_SERIAL": "60BH",
}


def test_the_flows_variables_become_the_inverters_way(monkeypatch: pytest.MonkeyPatch) -> None:
    document = taken(monkeypatch, FLOW | {"BATTERY_OPTIMIZER_URL": "http://optimizer:8000", "BATTERY_SITE": "home"})
    inverter: Any = document.inverter

    assert (inverter.model, inverter.way.max_power_kw, inverter.way.serial) == ("givenergy", 4.2, "60BH")
    assert inverter.way.settings == {"mode": "select.mode"}
    assert {name: (each.entity, each.sign) for name, each in inverter.way.sensors.items()} == {
        "soc_pct": ("sensor.flow_soc", None),
        "grid_kw": ("sensor.grid", -1),
    }
    executing = document.control.executing
    assert (executing.tick_minutes, executing.writes_per_day, executing.notify) == (2.5, 90, False)
    assert document.control.dry_run
    found = leftover()
    assert (set(found.names), found.taken(None).left_out) == (set(FLOW), ("BATTERY_RESERVE_PCT", "BATTERY_SIGN_LOAD_KW"))


def test_an_entity_of_a_role_that_the_inverter_has_not_costs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    document = taken(monkeypatch, FLOW | {"BATTERY_ENTITY_FLUX_CAPACITOR": "number.flux"})
    inverter: Any = document.inverter

    assert (inverter.model, inverter.way.settings) == ("givenergy", {"mode": "select.mode"})
    assert "BATTERY_ENTITY_FLUX_CAPACITOR" in leftover().taken(None).left_out


def test_a_flows_variable_that_makes_no_sense_costs_the_flows_part_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_BATTERY__CAPACITY_KWH", "12")
    monkeypatch.setenv("BATTERY_TICK_MINUTES", "often")
    found = leftover().taken(None)

    assert found.left_out == ("BATTERY_TICK_MINUTES",)
    assert "control.executing.tick_minutes" in found.why
    assert checked(found.value).battery.capacity_kwh == 12


def test_variables_of_the_file_and_of_the_environment_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPTIMIZER_TARIFF__REGION=P\nOPTIMIZER_API__PORT=9000\nOPTIMIZER_SOLAR__PEAK_KW=\n")
    monkeypatch.setenv("OPTIMIZER_PLANNER__SWITCHING_COST", "0.01")
    found = leftover()

    assert found.names == ["OPTIMIZER_PLANNER__SWITCHING_COST", "OPTIMIZER_TARIFF__REGION"]
    document = checked(found.taken(None).value)
    assert (document.wishes.switching_cost, document.tariff.agreements[0].buying.model_dump()["region"]) == (0.01, "P")
