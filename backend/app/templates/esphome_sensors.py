"""The sensors of an ESPHome package, under the ids that the dongle's component looks for."""

from app.templates.reads import UNITS, Derived, Read, believed
from app.templates.template import Template
from app.templates.words import Kind, WordOrder, count

Item = dict[str, object]

HOUSE: dict[str, tuple[str, str]] = {
    "battery.soc": ("soc", "Battery charge"),
    "battery.power": ("battery_power", "Battery power"),
    "battery.voltage": ("battery_voltage", "Battery voltage"),
    "battery.current": ("battery_current", "Battery current"),
    "battery.temperature": ("battery_temperature", "Battery temperature"),
    "grid.power": ("grid_power", "Grid power"),
    "pv.power": ("pv_power", "Solar power"),
    "load.power": ("load_power", "House power"),
}
"""The values the dongle sends on, each with its id and its name for people."""
VALUE_TYPES: dict[tuple[Kind, WordOrder], str] = {
    ("u16", "big"): "U_WORD",
    ("s16", "big"): "S_WORD",
    ("u32", "big"): "U_DWORD",
    ("u32", "little"): "U_DWORD_R",
    ("s32", "big"): "S_DWORD",
    ("s32", "little"): "S_DWORD_R",
    ("f32", "big"): "FP32",
    ("f32", "little"): "FP32_R",
    ("u64", "big"): "U_QWORD",
    ("u64", "little"): "U_QWORD_R",
}
DEVICE_CLASSES = {"%": "battery", "W": "power", "V": "voltage", "A": "current", "°C": "temperature"}
NEVER_NEGATIVE = ("pv.power", "load.power")
NOISE_W = 50
"""So far below zero is a meter's noise around nothing; further below it is no measurement."""
PART_TIMEOUT = "90s"
"""A part not read for so long is no longer added up; longer than the slow poll."""


def sensors(template: Template) -> list[Item]:
    """Return a Modbus device's sensors, those that are read before those made of them."""
    derived = {key: each for key, each in template.derive.items() if key in HOUSE}
    return [*(_sensor(template, key, read, derived) for key, read in wanted(template).items()), *(_sum(*each) for each in derived.items())]


def console_sensors(template: Template) -> list[Item]:
    """Return the sensors of a battery that prints a table."""
    found: list[Item] = []
    for key, column in template.columns.items():
        inside: Item = {"filters": [_inside(key, *believed(key))]}
        found.append({"platform": "pylontech", "pylontech_id": "stack", "battery": 1, column.name: _named(key) | inside})
    return found


def wanted(template: Template) -> dict[str, Read]:
    """Return what must be read for what the dongle sends."""
    parts = {source for key, each in template.derive.items() if key in HOUSE for source in each.sources}
    return {key: read for key, read in template.reads.items() if key in HOUSE or key in parts}


def _sensor(template: Template, key: str, read: Read, derived: dict[str, Derived]) -> Item:
    table = read.table or template.bus.table
    item: Item = {
        "platform": "modbus_controller",
        "modbus_controller_id": "inverter" if read.every == "fast" else "inverter_slow",
        **_named(key),
        "register_type": "holding" if table == "holding" else "read",
        "address": read.at,
        "value_type": VALUE_TYPES[read.kind, read.order or template.bus.order if count(read.kind) > 1 else "big"],
    }
    filters: list[Item] = [{"offset": read.offset}] if read.offset else []
    filters += [{"multiply": read.scale}] if read.scale != 1 else []
    filters.append(_inside(key, *believed(key, read)))
    made = [HOUSE[each][0] for each, how in derived.items() if key in how.sources]
    if key not in HOUSE:
        filters.append({"timeout": PART_TIMEOUT})
    on_value = {"on_value": [{"component.update": sensor_id} for sensor_id in made]} if made else {}
    return item | {"filters": filters} | on_value


def _sum(key: str, derived: Derived) -> Item:
    return {
        "platform": "template",
        **_named(key),
        "update_interval": "never",
        "lambda": f"return {_expression(derived)};",
        "filters": [_inside(key, *believed(key))],
    }


def _expression(derived: Derived) -> str:
    factor = "" if derived.scale == 1 else f" * {_number(derived.scale)}f"
    if derived.magnitude:
        ((sign, negative),) = derived.negative_when.items()
        return f"fabsf({_state(derived.magnitude)}) * (std::isnan({_state(sign)}) ? NAN : {_state(sign)} == {negative} ? -1 : 1){factor}"
    if derived.raw and derived.ten_to:
        return f"{_state(derived.raw)} * powf(10, {_state(derived.ten_to)}){factor}"
    terms = " + ".join(map(_state, derived.add)) + "".join(f" - {_state(key)}" for key in derived.less)
    return f"({terms}){factor}" if factor else terms


def _named(key: str) -> Item:
    if key not in HOUSE:
        return {"id": _id(key), "internal": True}
    unit = UNITS[key.rsplit(".", 1)[1]][0]
    sensor_id, name = HOUSE[key]
    decimals = 0 if unit == "W" else 1
    described = {"unit_of_measurement": unit, "device_class": DEVICE_CLASSES[unit], "state_class": "measurement"}
    return {"id": sensor_id, "name": name, **described, "accuracy_decimals": decimals}


def _inside(key: str, low: float, high: float) -> Item:
    if key in NEVER_NEGATIVE:
        return {"lambda": f"return x >= -{NOISE_W} && x <= {_number(high)} ? std::max(x, 0.0f) : NAN;"}
    return {"lambda": f"return x >= {_number(low)} && x <= {_number(high)} ? x : NAN;"}


def _state(key: str) -> str:
    return f"id({_id(key)}).state"


def _id(key: str) -> str:
    return HOUSE[key][0] if key in HOUSE else key.replace(".", "_")


def _number(value: float) -> str:
    return f"{value:.10g}"
