"""What the flow lives by comes from the document and the model, and a house that has not got something is told without it."""

from typing import Any

import pytest

from app.document.checked import checked, home_assistant_profile
from app.document.executor import executor
from app.domain.errors import InvalidDocumentError
from tests.sites import document


def told(name: str = "london", *, version: int = 1, **changes: object) -> dict[str, Any]:
    return executor(checked(document(name, **changes)), version, home_assistant_profile)


def with_way(**changes: object) -> dict[str, Any]:
    """Return the London house, whose inverter is reached a little differently."""
    house = document("london")
    house["devices"][0]["way"] |= changes
    return house


def test_the_flow_s_settings_are_the_document_s() -> None:
    found = told(control={"executing": {"tick_minutes": 1, "lease_minutes": 20, "settle_s": 60, "writes_per_day": 40}})

    assert found["rhythms"]["control"] == {"every_s": 60, "offset_s": 3, "jitter_s": 0}
    assert found["rhythms"]["prices"] == {"every_s": 1800, "offset_s": 20, "jitter_s": 120}
    assert (found["lease_s"], found["settle_s"], found["write_budget"]) == (1200, 60, 40)
    assert (found["max_power_kw"], found["reserve_pct"], found["limit_pct"]) == (5, 10, 100)
    assert found["devices"]["soc_pct"] == "bat_60BH37202BFA"
    assert (found["site"], found["currency"], found["dry_run"], found["enabled"]) == ("london", "GBP", False, True)


def test_a_house_without_a_serial_goes_by_its_name() -> None:
    assert told("gnesta")["devices"] == {
        "soc_pct": "bat_gnesta",
        "battery_kw": "bat_gnesta",
        "battery_voltage_v": "bat_gnesta",
        "solar_kw": "sol_gnesta",
        "load_kw": "met_gnesta",
        "grid_kw": "met_gnesta",
    }


def test_what_the_house_has_not_got_is_absent() -> None:
    profile = told()["profile"]

    assert profile["settings"]["discharge_current"]["entity"] == "number.max_discharge_current"
    assert "max_soc" not in profile["settings"]
    assert profile["modes"]["self_use"] == [["mode", "Self Use"], ["discharge_current", "$max_current"]]
    assert "battery_voltage_v" not in profile["sensors"]
    assert profile["sensors"]["battery_kw"] == {"entity": "sensor.invbatpower", "sign": -1}


def test_a_word_of_the_house_s_own_stands_in_every_mode() -> None:
    house = with_way(options={"mode": {"Self Use": "Eigenverbrauch"}})
    profile = executor(checked(house), 1, home_assistant_profile)["profile"]

    assert ["mode", "Eigenverbrauch"] in profile["modes"]["self_use"]
    assert ["mode", "Back-up"] in profile["modes"]["hold"]


def test_only_one_carries_out() -> None:
    assert told(control={"executor": "node_red"})["executes"] is True
    assert told(control={"executor": "dongle:bat_60bh37202bfa"})["executes"] is False


def test_an_inverter_that_is_not_reached_through_home_assistant_has_no_profile() -> None:
    house = document("london")
    house["devices"][0] = {"kind": "inverter", "model": "fox_ess"}

    assert executor(checked(house), 1, home_assistant_profile)["profile"] is None
    house["devices"][0] = {"kind": "inverter", "model": "plain", "way": {"by": "home_assistant"}}
    assert executor(checked(house), 1, home_assistant_profile)["profile"] is None


def test_the_version_is_another_one_when_anything_is() -> None:
    assert told()["version"] == told()["version"]
    assert len({told(version=n)["version"] for n in (1, 2)} | {told(title="x")["version"], told(control={})["version"]}) == 4
    changed = executor(checked(document("london")), 1, lambda *_: home_assistant_profile("growatt", {}))
    assert changed["version"] != told()["version"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"settings": {"moed": "select.work_mode"}}, "no role moed"),
        ({"settings": {"mode": None}}, "self-use"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_it_is_kept(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidDocumentError, match=complaint):
        checked(with_way(**wrong))


def test_a_model_that_is_none_is_refused_at_its_place() -> None:
    house = document("london")
    house["devices"][0]["model"] = "foxes"

    with pytest.raises(InvalidDocumentError, match=r"^devices\.0\.model: no inverter model named 'foxes'"):
        checked(house)
