"""Settings: a bad one stops the start with one readable line that names the variable."""

import os
import re
from pathlib import Path

import pytest

from app.config.settings import Settings, load
from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity
from app.domain.site import Mode
from tests.env_example import EXAMPLE, rendered
from tests.served_app import NOWHERE

SECRET = "a-secret-that-must-never-be-printed"  # noqa: S105


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of this machine in."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTIMIZER_"):
            monkeypatch.delenv(name)


def test_without_any_setting_there_are_defaults() -> None:
    settings = load()
    assert settings.database.url.get_secret_value() == "sqlite:///battery_optimizer.db"
    assert settings.api.is_loopback
    assert settings.site.battery.reserve_kwh == 1.0


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OPTIMIZER_API__PORT", "eighty", "integer"),
        ("OPTIMIZER_API__PORT", "70000", "65535"),
        ("OPTIMIZER_API__ADMIN_TOKEN", "short", "openssl rand -hex 24"),
        ("OPTIMIZER_BATTERY__CAPACITY_KWH", "-1", "greater than or equal to 0"),
        ("OPTIMIZER_BATTERY__CAPACITY_KWH", "nan", "greater than or equal to 0"),
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
        ("OPTIMIZER_PLANNER__TIME_LIMIT_S", "0", "greater than 0"),
        ("OPTIMIZER_DATABASE__URL", "postgresql://h/db", "sqlite:///"),
        ("OPTIMIZER_DATABASE__URL", "nonsense", "cannot be read"),
        ("OPTIMIZER_DATABASE__KEEP_PLANS_DAYS", "0", "greater than or equal"),
        ("OPTIMIZER_MQTT__PREFIX", "a b", "pattern"),
    ],
)
def test_a_bad_value_is_one_line_with_its_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidInputError) as caught:
        load()
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(variable), lines
    assert said in lines[0]


def test_every_bad_value_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_API__PORT", "x")
    monkeypatch.setenv("OPTIMIZER_TARIFF__REGION", "Z")
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["OPTIMIZER_API__PORT", "OPTIMIZER_TARIFF__REGION"]


def test_what_should_be_json_and_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__ENTITIES", "{bad")
    with pytest.raises(InvalidInputError, match="OPTIMIZER_HOME_ASSISTANT"):
        load()


def test_a_house_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_BATTERY__RESERVE_PCT", "90")
    monkeypatch.setenv("OPTIMIZER_BATTERY__LIMIT_PCT", "50")
    with pytest.raises(InvalidInputError, match=r"OPTIMIZER_BATTERY__\*.*in order"):
        load()


def test_home_assistant_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__URL", "http://homeassistant:8123")
    with pytest.raises(InvalidInputError, match="OPTIMIZER_HOME_ASSISTANT: a Home Assistant URL needs a token"):
        load()


@pytest.mark.parametrize(
    "variable",
    [
        "OPTIMIZER_API__VIEWER_TOKEN",
        "OPTIMIZER_API__ADMIN_TOKEN",
        "OPTIMIZER_HOME_ASSISTANT__TOKEN",
        "OPTIMIZER_TARIFF__API_KEY",
        "OPTIMIZER_MQTT__PASSWORD",
    ],
)
def test_a_secret_never_shows(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, SECRET)
    settings = load()
    assert SECRET not in f"{settings!r} {settings}"
    assert SECRET not in settings.model_dump_json()


@pytest.mark.parametrize(
    "url", [f"mysql+pymysql://u:{SECRET}@h:port/db", f"mysql+pymysql://u:{SECRET}@h/", f"oracle://u:{SECRET}@h/db", f"{SECRET}"]
)
def test_a_bad_database_url_does_not_print_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPTIMIZER_DATABASE__URL", url)
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert str(caught.value).startswith("OPTIMIZER_DATABASE__URL: ")
    assert SECRET not in str(caught.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPTIMIZER_HOME_ASSISTANT__URL", "OPTIMIZER_API__ADMIN_TOKEN", "OPTIMIZER_TARIFF__REGION", "OPTIMIZER_API__PORT"):
        monkeypatch.setenv(variable, "")
    settings = load()
    assert (settings.home_assistant.url, settings.api.admin_token, settings.tariff.region, settings.api.port) == (None, None, "C", 8000)


def test_an_env_file_counts_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = 'OPTIMIZER_TARIFF__REGION=P\nOPTIMIZER_API__PORT=9000\nMARIADB_PASSWORD=x\nOPTIMIZER_INVERTER__MODES=["self_use"]\n'
    (tmp_path / ".env").write_text(text)
    monkeypatch.setenv("OPTIMIZER_API__PORT", "9001")
    settings = load()
    assert (settings.tariff.region, settings.api.port, settings.inverter.modes) == ("P", 9001, (Mode.SELF_USE,))


def test_a_group_that_does_not_exist_is_named_with_what_was_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPTIMIZER_TARIF__REGION", "C")
    (tmp_path / ".env").write_text("OPTIMIZER_PUBLISH=127.0.0.1:8000\noptimizer_weather=rain\nOPTIMIZERS=2\n")

    with pytest.raises(InvalidInputError) as refused:
        load()

    first, second = str(refused.value).splitlines()
    assert first == "OPTIMIZER_TARIF__REGION: there is no group TARIF; did you mean TARIFF?"
    assert second.startswith("OPTIMIZER_WEATHER: there is no group WEATHER, only DATABASE, API, BATTERY")


def test_entities_are_told_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__ENTITIES", '{"soc_pct": "sensor.soc", "battery_kw": "-sensor.power"}')
    assert load().home_assistant.entities == {Quantity.SOC_PCT: "sensor.soc", Quantity.BATTERY_KW: "-sensor.power"}


def test_the_example_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text() == rendered(), "python -m tests.env_example"


def test_the_example_names_every_setting_and_loads_as_the_defaults(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    named = set(re.findall(r"^(?:# )?(OPTIMIZER_\w+__\w+)=", text, re.MULTILINE))
    groups = Settings.model_fields.items()
    assert named == {f"OPTIMIZER_{name}__{field}".upper() for name, group in groups for field in group.annotation.model_fields}  # type: ignore[union-attr]
    everything = tmp_path / "everything.env"
    everything.write_text(re.sub(r"^# (OPTIMIZER_\w+=)", r"\1", text, flags=re.MULTILINE))
    assert load(everything) == load(NOWHERE)


def test_an_inverter_is_what_its_model_can_do_and_its_owner_lets_it_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_INVERTER__PROFILE", "huawei")
    monkeypatch.setenv("OPTIMIZER_PERMISSION__SELL", "no")
    found = load().site.inverter

    assert found.modes == (Mode.SELF_USE, Mode.FORCE_CHARGE)
    assert found.why_not(Mode.HOLD) == "huawei_solar has no verb that only forbids discharging"
    assert found.why_not(Mode.FORCE_DISCHARGE) == "its owner does not let it sell"
    assert found.word(Mode.FORCE_CHARGE) == "Forcible charge"


def test_the_switch_that_ends_all_control_leaves_self_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_PERMISSION__CONTROL", "false")

    assert load().site.inverter.modes == (Mode.SELF_USE,)


def test_a_way_that_the_model_has_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_INVERTER__PROFILE", "tesla")
    monkeypatch.setenv("OPTIMIZER_INVERTER__WAY", "modbus")

    with pytest.raises(InvalidInputError, match="Tesla Powerwall is not reached by modbus; by home_assistant"):
        load()
