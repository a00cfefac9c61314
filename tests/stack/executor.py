"""What the optimizer tells the flow of a house (GET /api/v1/sites/{site}/executor), with the rhythm of a test in it."""

import hashlib
import json
from typing import Any

from app.document.checked import checked, home_assistant_profile
from app.document.executor import executor

type Json = dict[str, Any]
SITES, EXECUTOR = "/api/v1/sites", "/api/v1/sites/home/executor"
FOX: Json = {
    "settings": {
        "mode": "select.fox_work_mode",
        "charge_power": "number.fox_force_charge_power",
        "discharge_power": "number.fox_force_discharge_power",
        "discharge_current": "number.fox_max_discharge_current",
    },
    "sensors": {
        "soc_pct": {"entity": "sensor.battery_soc"},
        "solar_kw": {"entity": "sensor.pv_power"},
        "load_kw": {"entity": "sensor.house_load"},
        "grid_kw": {"entity": "sensor.grid_power"},
        "battery_kw": {"entity": "sensor.battery_power", "sign": -1},
        "battery_voltage_v": {"entity": "sensor.battery_voltage"},
    },
}
"""The entities of tests/stack/home_assistant.yaml."""
QUICK: Json = {"dashboard_s": 1, "flow_s": 1, "watchdog_s": 1, "prices_jitter_s": 0, "settle_s": 0.7, "revert_s": 1.5}
"""An accelerated house: what takes minutes at home takes seconds in a test."""


def house(model: str, way: Json, **executing: object) -> Json:
    """Return the document of a house with an inverter that is reached through Home Assistant."""
    return {
        "id": "home",
        "grid": {"import_limit_kw": 15, "export_limit_kw": 5},
        "tariff": {"agreements": [{"import": {"source": "fixed", "per_kwh": 0.25}, "export": {"source": "fixed", "per_kwh": 0.12}}]},
        "sources": {"home_assistant": {"url": "http://127.0.0.1:9"}},
        "devices": [{"kind": "inverter", "model": model, "way": {"by": "home_assistant", **way}}, {"kind": "battery"}],
        "control": {"executing": QUICK | executing},
    }


def document(model: str, way: Json, **told: object) -> Json:
    """Return what is told of such a house, as the optimizer makes it of its document, and what a test has instead of it."""
    return executor(checked(house(model, way)), 1, home_assistant_profile) | told


def fox(**told: object) -> Json:
    """Return what is told of the house of tests/stack/home_assistant.yaml."""
    return document("fox-ess", FOX, **told)


def rhythms(*, control_s: float = 300, prices_s: float = 1800, page_s: float = 1, flow_s: float = 1) -> Json:
    """Return the rhythms of a house, some of them slower or faster than a document may say."""
    every = {"control": control_s, "prices": prices_s, "dashboard": page_s, "flow": flow_s, "watchdog": 1}
    return {name: {"every_s": s, "offset_s": 3 if name == "control" else 0, "jitter_s": 0} for name, s in every.items()}


def told_of_house(told: Json, path: str, seen: str | None) -> tuple[int, dict[str, str], bytes] | None:
    """Return status, headers and body of what a flow is told when it asks for its house; nothing for any other question."""
    if path == SITES:
        return 200, {}, json.dumps({"sites": [{"id": "home", "title": "", "version": 1}]}).encode()
    if path != EXECUTOR:
        return None
    version = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    etag = {"etag": f'"{version}"'}
    return (304, etag, b"") if seen == etag["etag"] else (200, etag, json.dumps(told | {"version": version}).encode())
