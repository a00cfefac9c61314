"""What the Node-RED flow of the last release had in its own variables, where they stand in the same environment: BATTERY_*."""

from collections.abc import Collection, Mapping
from typing import Any

from app.domain.errors import NotFoundError
from app.domain.reading import Quantity
from app.templates.catalogue import model_named
from app.templates.way_home_assistant import HomeAssistant

PREFIX = "BATTERY_"
NOT_OF_THE_HOUSE = frozenset({"BATTERY_OPTIMIZER_URL", "BATTERY_OPTIMIZER_TOKEN", "BATTERY_SITE", "BATTERY_CONTEXT_STORE"})
"""How the flow finds the optimizer; it goes on reading these."""
EXECUTING = {
    "TICK_MINUTES": "tick_minutes",
    "PRICES_MINUTES": "prices_minutes",
    "PRICES_JITTER_SECONDS": "prices_jitter_s",
    "DASHBOARD_SECONDS": "dashboard_s",
    "FLOW_SECONDS": "flow_s",
    "WATCHDOG_SECONDS": "watchdog_s",
    "TIMEOUT_SECONDS": "timeout_s",
    "LEASE_MINUTES": "lease_minutes",
    "SETTLE_SECONDS": "settle_s",
    "RAMP_SECONDS": "ramp_s",
    "TRIES": "tries",
    "WRITE_BUDGET": "writes_per_day",
    "HAND_MINUTES": "hand_minutes",
    "REVERT_SECONDS": "revert_s",
    "NOTIFY": "notify",
}
LIMITS = {"MAX_POWER_KW": "max_power_kw", "MAX_CURRENT_A": "max_current_a"}
NAMES = {"HA_DEVICE_ID": "device_id", "SERIAL": "serial"}
QUANTITIES = frozenset(quantity.upper() for quantity in Quantity)
ENTITY, SIGN = "ENTITY_", "SIGN_"
OLD_DEFAULT = "fox_ess"
"""The profile of a flow that named none."""

type Json = dict[str, Any]


def with_flow(value: Mapping[str, Any], variables: Mapping[str, str]) -> Json:
    """Return a document with what the flow's variables say; what the optimizer's own said of a sensor stays."""
    said = {name.removeprefix(PREFIX): text.strip() for name, text in variables.items() if text.strip()}
    if not said:
        return dict(value)
    control: Json = dict(value["control"])
    if executing := {field: _read(said[name]) for name, field in EXECUTING.items() if name in said}:
        control["executing"] = executing
    if said.get("DRY_RUN", "").lower() in TRUE:
        control["dry_run"] = True
    devices = [_inverter(each, said) if each["kind"] == "inverter" else each for each in value["devices"]]
    return {**value, "devices": devices, "control": control}


def not_taken(variables: Mapping[str, str]) -> list[str]:
    """Return the variables that have no place in a document."""
    names = {name.removeprefix(PREFIX): name for name, text in variables.items() if text.strip()}
    lost_signs = {name for name in names if name.startswith(SIGN) and ENTITY + name.removeprefix(SIGN) not in names}
    lost_profile = {"PROFILE"} if variables.get("BATTERY_PROFILE", "").lstrip().startswith("{") else set()
    known = _roles_of(variables.get("BATTERY_PROFILE", OLD_DEFAULT).lower())
    roles = {name for name in names if name.startswith(ENTITY) and name.removeprefix(ENTITY) not in QUANTITIES}
    lost_roles = {name for name in roles if name.removeprefix(ENTITY).lower() not in known}
    lost = lost_signs | lost_profile | lost_roles | ({"RESERVE_PCT", "LIMIT_PCT"} & names.keys())
    return sorted(names[name] for name in lost)


TRUE, FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def _inverter(before: Mapping[str, Any], said: Mapping[str, str]) -> Json:
    inverter = dict(before)
    profile = said.get("PROFILE", "")
    if profile and not profile.startswith("{"):
        inverter["model"] = profile.lower()
    roles = {name.removeprefix(ENTITY): text for name, text in said.items() if name.startswith(ENTITY)}
    known = _roles_of(str(inverter.get("model", "")))
    settings = {role.lower(): entity for role, entity in roles.items() if role.lower() in known}
    measured = {role.lower(): _sensor(entity, said.get(SIGN + role)) for role, entity in roles.items() if role in QUANTITIES}
    way: Json = dict(before.get("way", {})) | {"by": "home_assistant"}
    way |= {field: said[name] for name, field in NAMES.items() if name in said}
    way |= {field: _read(said[name]) for name, field in LIMITS.items() if name in said}
    if settings:
        way["settings"] = settings
    if measured:
        way["sensors"] = measured | way.get("sensors", {})
    return inverter | {"way": way}


def _roles_of(model: str) -> Collection[str]:
    """Return the roles that a model has in Home Assistant; the old flow passed over an entity of any other."""
    try:
        way = model_named(model).named_ways.get("home_assistant")
    except NotFoundError:
        return ()
    return way.settings if isinstance(way, HomeAssistant) else ()


def _sensor(entity: str, sign: str | None) -> Json:
    return {"entity": entity} | ({"sign": -1} if sign == "-1" else {})


def _read(text: str) -> object:
    """Return a number or a yes; anything else as it stands, for the document to refuse."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
