"""What whoever carries decisions out through Home Assistant needs to know of a house: who, what, how often, how patiently."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from app.document.bounds import Bounds
from app.document.control import Executing
from app.document.devices import InverterDevice
from app.document.planned import site_of
from app.document.planned_inverter import own_part
from app.document.site import SiteDocument
from app.document.ways import HomeAssistantWay
from app.domain.plausible import ranges
from app.domain.reading import Quantity
from app.domain.setting import NODE_RED
from app.templates.own import Own

type Json = dict[str, Any]
type Profiles = Callable[[str, Mapping[str, object]], Json | None]
"""Gives a model as the flow takes it, with a house's own part in it; None for one that is not driven through Home Assistant."""

MINUTE_S, DIGITS = 60, 16
MOST_A = 100.0
"""Written where nothing limits the current."""
DEVICES = {
    Quantity.SOC_PCT: "bat",
    Quantity.BATTERY_KW: "bat",
    Quantity.BATTERY_VOLTAGE_V: "bat",
    Quantity.SOLAR_KW: "sol",
    Quantity.LOAD_KW: "met",
    Quantity.GRID_KW: "met",
}
"""Under which kind of device each reading is pushed."""


def executor(document: SiteDocument, version: int, profiles: Profiles) -> Json:
    """Return all that the executor of a house needs; its `version` is another one whenever anything in it is.

    Raises:
        InvalidInputError: what is special about this inverter does not fit its model.
        NotFoundError: there is no such model.
    """
    control, inverter, limits = document.control, document.inverter, _limits(document)
    profile = profile_of(inverter, profiles)
    told = {
        "site": document.id,
        "title": document.title,
        "currency": document.place.currency,
        "time_zone": document.place.time_zone,
        "executes": control.executor == NODE_RED,
        "enabled": control.enabled,
        "dry_run": control.dry_run,
        **_patience(control.executing),
        **limits,
        "device_id": (inverter.way.device_id if isinstance(inverter.way, HomeAssistantWay) else None) or "",
        "devices": _devices(document),
        "plausible": {quantity.value: {"least": each.least, "most": each.most} for quantity, each in ranges(site_of(document)).items()},
        "profile": None if profile is None else _bounds(document, limits).profile(profile),
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return {"version": f"{version}-{digest[:DIGITS]}", **told}


def profile_of(inverter: InverterDevice, profiles: Profiles) -> Json | None:
    """Return the inverter's model with this house's entities and words in it; what the house has not got is absent.

    None where it is not reached through Home Assistant, or its model cannot be.

    Raises:
        InvalidInputError: what is special about this inverter does not fit its model.
        NotFoundError: there is no such model.
    """
    way = inverter.way
    if not isinstance(way, HomeAssistantWay):
        return None
    found = profiles(inverter.model, own_part(inverter))
    return None if found is None else _present(found)


def _present(profile: Json) -> Json:
    """Return a profile without roles, sensors and steps that have no entity."""
    settings = {role: each for role, each in profile["settings"].items() if each["entity"]}
    sensors = {quantity: each for quantity, each in profile["sensors"].items() if each["entity"]}
    modes = {mode: [step for step in steps if _is_there(step, settings)] for mode, steps in profile["modes"].items()}
    return profile | {"settings": settings, "sensors": sensors, "modes": modes}


def _is_there(step: object, settings: Json) -> bool:
    return not isinstance(step, list) or step[0] in settings


def _patience(given: Executing) -> Json:
    return {
        "rhythms": {
            "control": _rhythm(MINUTE_S * given.tick_minutes, offset_s=3),
            "prices": _rhythm(MINUTE_S * given.prices_minutes, offset_s=20, jitter_s=given.prices_jitter_s),
            "dashboard": _rhythm(given.dashboard_s),
            "flow": _rhythm(given.flow_s),
            "watchdog": _rhythm(given.watchdog_s),
        },
        "timeout_s": given.timeout_s,
        "lease_s": MINUTE_S * given.lease_minutes,
        "settle_s": given.settle_s,
        "ramp_s": given.ramp_s,
        "tries": given.tries,
        "write_budget": given.writes_per_day,
        "hand_s": MINUTE_S * given.hand_minutes,
        "revert_s": given.revert_s,
        "notify": given.notify,
    }


def _rhythm(every_s: float, *, offset_s: float = 0, jitter_s: float = 0) -> Json:
    return {"every_s": every_s, "offset_s": offset_s, "jitter_s": jitter_s}


def _limits(document: SiteDocument) -> Json:
    battery, way = document.battery, document.inverter.way
    own = way if isinstance(way, HomeAssistantWay) else Own()
    return {
        "max_power_kw": own.max_power_kw or max(battery.max_charge_kw, battery.max_discharge_kw),
        "max_current_a": own.max_current_a or MOST_A,
        "reserve_pct": battery.reserve_pct,
        "limit_pct": battery.limit_pct,
    }


def _bounds(document: SiteDocument, limits: Json) -> Bounds:
    return Bounds(
        power_kw=limits["max_power_kw"],
        current_a=limits["max_current_a"],
        import_kw=document.grid.most_import_kw,
        export_kw=document.grid.export_limit_kw,
    )


def _devices(document: SiteDocument) -> dict[str, str]:
    way = document.inverter.way
    serial = (way.serial if isinstance(way, HomeAssistantWay) else "") or document.id
    return {quantity.value: f"{prefix}_{serial}" for quantity, prefix in DEVICES.items()}
