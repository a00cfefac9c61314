"""What the optimizer tells the flow of a house (GET /api/v1/sites/{site}/executor), with the rhythm of a test in it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.stack.inverters import profile

type Json = dict[str, Any]
SITES, EXECUTOR = "/api/v1/sites", "/api/v1/sites/home/executor"
FOX_ENTITIES = {
    "mode": "select.fox_work_mode",
    "charge_power": "number.fox_force_charge_power",
    "discharge_power": "number.fox_force_discharge_power",
    "discharge_current": "number.fox_max_discharge_current",
    "soc_pct": "sensor.battery_soc",
    "solar_kw": "sensor.pv_power",
    "load_kw": "sensor.house_load",
    "grid_kw": "sensor.grid_power",
    "battery_kw": "sensor.battery_power",
    "battery_voltage_v": "sensor.battery_voltage",
}
"""The entities of tests/stack/home_assistant.yaml."""


def rhythms(*, control_s: float = 300, prices_s: float = 1800, page_s: float = 1) -> Json:
    """Return the rhythms of a house in which only what is given takes its time."""
    every = {"control": control_s, "prices": prices_s, "dashboard": page_s, "flow": page_s, "watchdog": 1}
    return {name: {"every_s": s, "offset_s": 3 if name == "control" else 0, "jitter_s": 0} for name, s in every.items()}


def document(inverter: str = "fox_ess", entities: Mapping[str, str] | None = None, told: Json | None = None) -> Json:
    """Return what is told of a house with an inverter: what takes minutes at home takes seconds here."""
    quick: Json = {"timeout_s": 20, "lease_s": 2100, "settle_s": 0.7, "ramp_s": 90, "tries": 3, "write_budget": 60, "hand_s": 3600}
    limits: Json = {"revert_s": 1.5, "max_power_kw": 10, "max_current_a": 100, "reserve_pct": 10, "limit_pct": 100}
    rest: Json = {"notify": True, "device_id": "", "rhythms": rhythms(), "profile": _used(profile(inverter), entities or {})}
    devices = {"battery": ("soc_pct", "battery_kw", "battery_voltage_v"), "solar": ("solar_kw",), "meter": ("load_kw", "grid_kw")}
    named = {quantity: f"{kind[:3]}_home" for kind, quantities in devices.items() for quantity in quantities}
    place = {"site": "home", "title": "", "currency": "GBP", "time_zone": "Europe/London", "devices": named}
    return {"executes": True, "enabled": True, "dry_run": False, **place, **quick, **limits, **rest, **(told or {})}


def fox(**told: object) -> Json:
    """Return what is told of the house of tests/stack/home_assistant.yaml."""
    found = document(entities=FOX_ENTITIES, told=told)
    for quantity, sensor in found["profile"]["sensors"].items():
        sensor.update(sign=-1 if quantity == "battery_kw" else 1)
        sensor.pop("minus", None)
    return found


def told_of_house(told: Json, path: str, seen: str | None) -> tuple[int, dict[str, str], bytes] | None:
    """Return status, headers and body of what a flow is told when it asks for its house; nothing for any other question."""
    if path == SITES:
        return 200, {}, json.dumps({"sites": [{"id": "home", "title": "", "version": 1}]}).encode()
    if path != EXECUTOR:
        return None
    version = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
    etag = {"etag": f'"{version}"'}
    return (304, etag, b"") if seen == etag["etag"] else (200, etag, json.dumps({"version": version} | told).encode())


def _used(found: Json, entities: Mapping[str, str]) -> Json:
    """Return a profile with a house's own entities; roles and sensors without one are not used."""
    own = {part: {name: each | {"entity": entities.get(name, each["entity"])} for name, each in found[part].items()} for part in PARTS}
    used = {part: {name: each for name, each in all_.items() if each["entity"]} for part, all_ in own.items()}
    modes = {
        mode: [step for step in steps if isinstance(step, dict) or step[0] in used["settings"]] for mode, steps in found["modes"].items()
    }
    return found | used | {"modes": modes}


PARTS = ("settings", "sensors")
