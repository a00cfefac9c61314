"""The house of the last release's settings, as a document: what the environment said of it is taken over once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from app.config.former import FormerHouse
from app.domain.permission import Leave
from app.domain.setting import NODE_RED, Preferences
from app.domain.site import HOME
from app.templates.catalogue import model_named

HOME_ASSISTANT, SOLAR_KEY, OCTOPUS_KEY = "home_assistant", "solar_forecast", "octopus"
"""Names of the secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken over: the document as JSON, and its secrets by name."""

    value: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    left_out: tuple[str, ...] = ()
    """Variables that did not become a part of it."""
    why: str = ""


def described(settings: FormerHouse, preferences: Preferences | None = None) -> Taken:
    """Return the document of the settings' house, with what people changed while the service ran."""
    house = settings.home_assistant
    keys = {HOME_ASSISTANT: house.token if house.url else None, SOLAR_KEY: settings.solar.api_key, OCTOPUS_KEY: settings.tariff.api_key}
    value: dict[str, Any] = {
        "id": HOME,
        "place": _place(settings),
        "grid": settings.grid.model_dump(),
        "tariff": {"agreements": [_agreement(settings)]},
        "sources": _sources(settings),
        "devices": [_inverter(settings), _battery(settings), _solar(settings)],
        "wishes": _wishes(settings, preferences),
        "control": {
            "enabled": settings.permission.control,
            "dry_run": preferences.dry_run if preferences else False,
            "executor": preferences.controller if preferences else NODE_RED,
        },
    }
    return Taken(value=value, secrets={name: key.get_secret_value() for name, key in keys.items() if isinstance(key, SecretStr)})


def _place(settings: FormerHouse) -> dict[str, Any]:
    place = {"time_zone": settings.house.time_zone, "currency": settings.house.currency}
    solar = settings.solar
    return place if solar.latitude is None else place | {"latitude": solar.latitude, "longitude": solar.longitude}


def _agreement(settings: FormerHouse) -> dict[str, Any]:
    tariff = settings.tariff
    if tariff.source == "simulated":
        return {"import": {"source": "simulated"}, "export": {"source": "simulated"}}
    common: dict[str, Any] = {
        "source": "octopus",
        "region": tariff.region,
        "payment_method": tariff.payment_method,
        "base_url": tariff.base_url,
    }
    buying = common | {"product": tariff.import_product} | ({"api_key": OCTOPUS_KEY} if tariff.api_key else {})
    selling = (
        common | {"product": tariff.export_product} if tariff.export_product else {"source": "fixed", "per_kwh": tariff.export_per_kwh}
    )
    return {"import": buying, "export": selling}


def _sources(settings: FormerHouse) -> dict[str, Any]:
    solar = settings.solar
    sources: dict[str, Any] = {}
    if settings.home_assistant.url is not None:
        sources["home_assistant"] = {"url": settings.home_assistant.url, "token": HOME_ASSISTANT}
    if solar.source != "history":
        names = {"source", "base_url", "calibrate", "quarters", "models", "ensemble", "rooftops", "entities"}
        sources["solar"] = solar.model_dump(mode="json", include=names, exclude_defaults=True)
        if solar.api_key is not None:
            sources["solar"]["api_key"] = SOLAR_KEY
    return sources


def _inverter(settings: FormerHouse) -> dict[str, Any]:
    given = settings.inverter
    inverter: dict[str, Any] = {
        "kind": "inverter",
        "id": "inverter",
        "model": given.profile,
        "ac_limit_kw": given.ac_limit_kw,
        "coupling": given.coupling.value,
    }
    said = {"charge_from_grid": settings.permission.charge_from_grid, "sell": settings.permission.sell}
    allow: dict[str, Any] = {name: each is Leave.YES for name, each in said.items() if each is not Leave.NOT_SAID}
    inverter["allow"] = allow | ({"modes": [mode.value for mode in given.modes]} if "modes" in given.model_fields_set else {})
    if settings.home_assistant.url is not None:
        sensors = {quantity.value: _sensor(text) for quantity, text in settings.home_assistant.entities.items()}
        inverter["way"] = {"by": "home_assistant", "sensors": sensors}
    elif "home_assistant" in model_named(given.profile).named_ways:
        inverter["way"] = {
            "by": "home_assistant"
        }  # the flow's own: its variables stand where it runs, and the model's entities were their defaults
    return inverter


def _sensor(text: str) -> dict[str, Any]:
    """Return an entity as the settings write it: a leading "-" turns its sign."""
    return {"entity": text.removeprefix("-"), "sign": -1} if text.startswith("-") else {"entity": text}


def _battery(settings: FormerHouse) -> dict[str, Any]:
    return {"kind": "battery", "id": "battery"} | settings.battery.model_dump()


def _solar(settings: FormerHouse) -> dict[str, Any]:
    solar = settings.solar
    names = {"peak_kw", "curtailable", "planes", "loss_pct", "pct_per_degree", "inverter_kw"}
    return {"kind": "solar", "id": "solar"} | solar.model_dump(mode="json", include=names)


def _wishes(settings: FormerHouse, preferences: Preferences | None) -> dict[str, Any]:
    wishes: dict[str, Any] = {"annual_load_kwh": settings.house.annual_load_kwh, "switching_cost": settings.planner.switching_cost}
    wishes["rules"] = settings.rules.model_dump()
    return wishes if preferences is None else wishes | {"reserve_pct": preferences.reserve_pct}
