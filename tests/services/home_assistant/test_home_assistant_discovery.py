import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from app.domain.errors import InvalidSiteError
from app.domain.site import HOME, Mode, Site, SiteId
from app.services.home_assistant.discovery import EXPIRES_S, Topics, discovery
from app.services.mqtt import REPEAT_EVERY_S
from tests.builders import house

ENTITY_ID = re.compile(r"(sensor|binary_sensor|number|select|switch)\.[a-z0-9_]+")
"""What Home Assistant takes for one."""
UNITS_OF_CLASS: dict[str | None, set[str | None]] = {
    "monetary": {"GBP", "SEK", "EUR"},
    "power": {"kW"},
    "timestamp": {None},
    "enum": {None},
    "problem": {None},
}
STATE_CLASSES_OF_CLASS: dict[str | None, set[str | None]] = {
    "monetary": {None, "total"},
    "power": {"measurement"},
    "timestamp": {None},
    "enum": {None},
    "problem": {None},
    None: {None, "measurement"},
}
CONTROLS = {"number", "select", "switch"}


def topics(site: SiteId = HOME, prefix: str = "battery_optimizer") -> Topics:
    return Topics(prefix=prefix, site=site)


def document(site: Site | None = None, at: Topics | None = None) -> dict[str, Any]:
    return cast("dict[str, Any]", discovery(site or house(), at or topics(), version="1.2.3"))


def components(site: Site | None = None, at: Topics | None = None) -> Mapping[str, dict[str, Any]]:
    found: Mapping[str, dict[str, Any]] = document(site, at)["components"]
    return found


@pytest.mark.parametrize("key", components())
def test_every_component_keeps_home_assistants_rules(key: str) -> None:
    found = components()[key]
    device_class, unit = found.get("device_class"), found.get("unit_of_measurement")
    assert found["name"]
    assert (found["unique_id"], found["object_id"]) == (f"battery_optimizer_{key}", f"battery_optimizer_{key}")
    assert found["default_entity_id"] == f"{found['platform']}.battery_optimizer_{key}"
    assert ENTITY_ID.fullmatch(found["default_entity_id"])
    assert found["value_template"] == f"{{{{ value_json.{key} }}}}"
    assert unit in UNITS_OF_CLASS.get(device_class, {None, "%", "GBP/kWh"})
    assert found.get("state_class") in STATE_CLASSES_OF_CLASS[device_class]
    assert ("options" in found) == (device_class == "enum" or found["platform"] == "select")
    assert found.get("entity_category") in ({None, "config"} if found["platform"] in CONTROLS else {None, "diagnostic"})
    assert ("command_topic" in found) == (found["platform"] in CONTROLS)


def test_names_and_ids_are_told_apart() -> None:
    for wanted in ("name", "unique_id", "default_entity_id"):
        found = [each[wanted] for each in components().values()]
        assert len(found) == len(set(found))


def test_the_device_says_who_it_is() -> None:
    found = document()
    assert found["device"]["identifiers"] == ["battery_optimizer"]
    assert (found["device"]["name"], found["device"]["sw_version"]) == ("Battery optimizer", "1.2.3")
    assert found["origin"]["name"]
    assert found["availability"] == [{"topic": "battery_optimizer/home/availability"}]
    assert (found["state_topic"], found["qos"]) == ("battery_optimizer/home/state", 1)


@pytest.mark.parametrize("currency", ["GBP", "SEK", "EUR"])
def test_prices_are_in_the_sites_currency_as_the_energy_dashboard_wants_them(currency: Any) -> None:  # noqa: ANN401  (a literal)
    for key in ("price_now", "price_next", "stored_value"):
        found = components(house(currency=currency))[key]
        assert (found["unit_of_measurement"], found["state_class"]) == (f"{currency}/kWh", "measurement")
        assert "device_class" not in found
    assert components(house(currency=currency))["plan_cost"]["unit_of_measurement"] == currency


def test_savings_are_totals_that_say_when_they_began() -> None:
    found = {key: each for key, each in components(house(currency="SEK")).items() if key.startswith("saved_")}
    assert set(found) == {f"saved_{period}_{case}" for period in ("day", "month") for case in ("no_battery", "self_use", "rules")}
    for key, each in found.items():
        assert (each["device_class"], each["state_class"], each["unit_of_measurement"]) == ("monetary", "total", "SEK")
        assert each["last_reset_value_template"] == f"{{{{ value_json.{'_'.join(key.split('_')[:2])}_since }}}}"


def test_prices_expire_well_after_they_are_repeated() -> None:
    assert {key for key, each in components().items() if "expire_after" in each} == {"price_now", "price_next"}
    assert 2 * REPEAT_EVERY_S < EXPIRES_S


def test_only_modes_of_the_inverter_can_be_forced_and_any_may_be_shown() -> None:
    found = components(house(modes=(Mode.SELF_USE, Mode.FORCE_CHARGE)))
    assert found["override"]["options"] == ["Automatic", "self_use", "force_charge"]
    assert found["mode"]["options"] == [mode.value for mode in Mode]


def test_another_site_is_another_device_with_topics_and_ids_of_its_own() -> None:
    barn = topics(SiteId("barn"))
    found = document(replace(house(), id=SiteId("barn")), barn)
    assert found["device"]["name"] == "Battery optimizer barn"
    assert barn.discovery == "homeassistant/device/battery_optimizer_barn/config"
    assert barn.command("override") == "battery_optimizer/barn/override/set"
    ours, theirs = (json.dumps(document()["components"]), json.dumps(found["components"]))
    for wanted in ("unique_id", "default_entity_id", "command_topic"):
        one, other = ({each[wanted] for each in json.loads(text).values() if wanted in each} for text in (ours, theirs))
        assert one.isdisjoint(other)


def test_another_prefix_is_another_device() -> None:
    assert topics(prefix="test").discovery == "homeassistant/device/test/config"


@pytest.mark.parametrize("name", ["a/b", "+", "#", "", "a b", "å"])
def test_a_site_that_is_no_topic_is_refused(name: str) -> None:
    with pytest.raises(InvalidSiteError):
        topics(SiteId(name))


def test_a_discovery_document_is_small() -> None:
    assert len(json.dumps(document())) < 16_000
