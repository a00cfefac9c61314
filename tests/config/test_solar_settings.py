"""Which solar source the settings name, and what each of them needs."""

from pathlib import Path

import httpx
import pytest

from app.config.settings import Settings, load
from app.domain.errors import InvalidInputError
from app.wiring.sources import solar_source

ROOF = {"PLANES": '[{"kwp": 4.2, "tilt_deg": 35, "azimuth_deg": 90}]', "LATITUDE": "59.33", "LONGITUDE": "18.07"}


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **solar: str) -> Settings:
    monkeypatch.chdir(tmp_path)
    for name, value in solar.items():
        monkeypatch.setenv(f"OPTIMIZER_SOLAR__{name}", value)
    return load()


@pytest.mark.parametrize(
    ("source", "more", "name"),
    [
        ("open_meteo", {"QUARTERS": "true"}, "open-meteo"),
        ("smhi", {}, "smhi"),
        ("forecast_solar", {}, "forecast.solar"),
        ("solcast", {"API_KEY": "k", "ROOFTOPS": '["a", "b"]'}, "solcast"),
    ],
)
def test_every_source_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, more: dict[str, str], name: str) -> None:
    settings = told(monkeypatch, tmp_path, SOURCE=source, **ROOF, **more)
    clients: list[httpx.Client] = []
    found = solar_source(settings, clients)

    assert found is not None
    assert found.name == name
    assert settings.site.solar.peak_kw == 4.2
    clients[0].close()


def test_home_assistant_needs_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="OPTIMIZER_HOME_ASSISTANT__URL"):
        told(monkeypatch, tmp_path, SOURCE="home_assistant", **ROOF)

    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__URL", "http://ha.test:8123")
    monkeypatch.setenv("OPTIMIZER_HOME_ASSISTANT__TOKEN", "geheim")
    clients: list[httpx.Client] = []
    found = solar_source(load(), clients)
    assert found is not None
    assert found.name == "home assistant"
    clients[0].close()


def test_history_is_the_default_and_asks_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clients: list[httpx.Client] = []
    assert solar_source(told(monkeypatch, tmp_path, **ROOF), clients) is None
    assert clients == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SOURCE": "open_meteo"}, "needs planes, latitude and longitude"),
        ({"SOURCE": "solcast", **ROOF}, "needs an api_key and rooftops"),
        ({"SOURCE": "clairvoyance"}, "OPTIMIZER_SOLAR__SOURCE"),
        ({"PLANES": '[{"kwp": 4, "tilt_deg": 35, "azimuth_deg": -90}]'}, "AZIMUTH_DEG"),
    ],
)
def test_what_is_missing_or_wrong_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        told(monkeypatch, tmp_path, **given)
