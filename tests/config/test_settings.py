"""Settings: a bad one stops the start with one readable line that names the variable."""

import os
import re
from pathlib import Path

import pytest

from app.config.settings import Settings, load
from app.domain.errors import InvalidInputError
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


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OPTIMIZER_API__PORT", "eighty", "integer"),
        ("OPTIMIZER_API__PORT", "70000", "65535"),
        ("OPTIMIZER_API__ADMIN_TOKEN", "short", "openssl rand -hex 24"),
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
    monkeypatch.setenv("OPTIMIZER_MQTT__PREFIX", "a b")
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["OPTIMIZER_API__PORT", "OPTIMIZER_MQTT__PREFIX"]


def test_what_should_be_json_and_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_DONGLES__DIRECT", "{bad")
    with pytest.raises(InvalidInputError, match="OPTIMIZER_DONGLES"):
        load()


@pytest.mark.parametrize(
    "variable",
    [
        "OPTIMIZER_API__VIEWER_TOKEN",
        "OPTIMIZER_API__ADMIN_TOKEN",
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
    for variable in ("OPTIMIZER_MQTT__HOST", "OPTIMIZER_API__ADMIN_TOKEN", "OPTIMIZER_MQTT__PREFIX", "OPTIMIZER_API__PORT"):
        monkeypatch.setenv(variable, "")
    settings = load()
    found = settings.mqtt.host, settings.api.admin_token, settings.mqtt.prefix, settings.api.port
    assert found == (None, None, "battery_optimizer", 8000)


def test_an_env_file_counts_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "OPTIMIZER_MQTT__PREFIX=p\nOPTIMIZER_API__PORT=9000\nMARIADB_PASSWORD=x\n"
    (tmp_path / ".env").write_text(text)
    monkeypatch.setenv("OPTIMIZER_API__PORT", "9001")
    settings = load()
    assert (settings.mqtt.prefix, settings.api.port) == ("p", 9001)


def test_a_group_that_does_not_exist_is_named_with_what_was_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPTIMIZER_TARIF__REGION", "C")
    (tmp_path / ".env").write_text("OPTIMIZER_PUBLISH=127.0.0.1:8000\noptimizer_weather=rain\nOPTIMIZERS=2\n")

    with pytest.raises(InvalidInputError) as refused:
        load()

    first, second = str(refused.value).splitlines()
    assert first == "OPTIMIZER_TARIF__REGION: there is no group TARIF; did you mean TARIFF?"
    assert second.startswith("OPTIMIZER_WEATHER: there is no group WEATHER, only DATABASE, API, SECRETS")


def test_what_described_a_house_is_known_and_not_judged_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIMIZER_TARIFF__REGION", "Z")
    monkeypatch.setenv("OPTIMIZER_PLANNER__SWITCHING_COST", "-1")
    monkeypatch.setenv("OPTIMIZER_PLANNER__TIME_LIMIT_S", "3")
    assert load().planner.time_limit_s == 3


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
