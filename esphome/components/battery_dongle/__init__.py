"""Reads an inverter over Modbus, keeps what it read, and carries out orders within limits; see esphome/PROTOCOL.md."""

from typing import Any

import esphome.codegen as cg
from esphome.const import CONF_ID, CONF_TIME_ID, CONF_VALUE
from esphome.core import CORE

from esphome import automation
from esphome.components import modbus, text_sensor

from .schema import CONFIG_SCHEMA, FORCED, MODES, PRICES, check_product, declared

__all__ = ["AUTO_LOAD", "CONFIG_SCHEMA", "DEPENDENCIES", "FINAL_VALIDATE_SCHEMA", "to_code"]
"""What ESPHome looks for in a component."""

DEPENDENCIES = ["modbus", "modbus_controller", "time"]
AUTO_LOAD = ["sensor", "text_sensor"]
FINAL_VALIDATE_SCHEMA = check_product

core = cg.global_ns.namespace("dongle_core")
Value = core.struct("Value")
Source = core.enum("Source", is_class=True)

QUANTITIES = [
    "soc",
    "battery_power",
    "battery_voltage",
    "battery_current",
    "battery_temperature",
    "grid_power",
    "pv_power",
    "load_power",
    "grid_current",
]
"""Ids of the sensors it listens to, in the core's order. Only `soc` must be there."""
MOST_ALLOWED_W = -1


async def to_code(config: dict[str, Any]) -> None:
    """Write the C++ that makes the dongle of this configuration."""
    dongle = cg.new_Pvariable(config[CONF_ID])
    await cg.register_component(dongle, config)
    await modbus.register_modbus_client_device(dongle, config)
    cg.add(dongle.set_clock(await cg.get_variable(config[CONF_TIME_ID])))
    _settings(dongle, config)
    for mode, steps in config["modes"].items():
        for step in steps:
            how = step["write_class"] == "flash", step["refresh"], step["check"]
            words = cg.ArrayInitializer(*(_value(value) for value in step["values"]))
            cg.add(dongle.add_step(MODES.index(mode), step["register"], step["function"], *how, words))
    for price in PRICES:
        if price in config["rules"]:
            cg.add(dongle.set_class_rule(PRICES.index(price), *_order(config["rules"][price])))
    for order in config["rules"]["times"]:
        minutes = [order[edge]["hour"] * 60 + order[edge]["minute"] for edge in ("from", "to")]
        cg.add(dongle.add_time_rule(*minutes, *_order(order)))
    await _listen(dongle, config)
    for key in ("state", "fault"):
        if key in config:
            cg.add(getattr(dongle, f"set_{key}_text")(await text_sensor.new_text_sensor(config[key])))
    for said in ("on_telemetry", "on_status", "on_response"):
        for action in config.get(said, []):
            await automation.build_automation(getattr(dongle, said)(), [(cg.std_string, "line")], action)


def _settings(dongle: cg.MockObj, config: dict[str, Any]) -> None:
    settings = dongle.settings()
    limits = {
        "max_charge_w": config["max_charge_power"],
        "max_discharge_w": config["max_discharge_power"],
        "reserve_soc": config["reserve_soc"],
        "max_soc": config["max_soc"],
        "hysteresis": config["hysteresis"],
        "max_import_w": config["max_import_power"],
        "max_export_w": config["max_export_power"],
        "fuse_margin_w": config["fuse_margin"],
        "ramp_w_per_s": config["ramp"],
        "volts": config["mains_voltage"],
    }
    for name, value in limits.items():
        cg.add(cg.RawExpression(f"{settings}.limits.{name} = {value}"))
    cg.add(cg.RawExpression(f"{settings}.firmware = {cg.safe_exp(config['firmware'])}"))
    cg.add(cg.RawExpression(f"{settings}.inverter = {cg.safe_exp(config['inverter'])}"))
    writable = config["verified"] and config["allow_writes"]
    cg.add(cg.RawExpression(f"{settings}.writable = {cg.safe_exp(writable)}"))
    cg.add(cg.RawExpression(f"{settings}.stale_ms = {config['stale_after'].total_milliseconds}"))
    cg.add(cg.RawExpression(f"{settings}.facts.rated_w = {config.get('rated_power', 0)}"))
    cg.add(cg.RawExpression(f"{settings}.facts.empty_soc = {round(config['reserve_soc'])}"))
    cg.add(cg.RawExpression(f"{settings}.facts.full_soc = {min(100, round(config['max_soc']))}"))
    cg.add(dongle.set_writes(config["flash_writes_per_day"], config["ram_writes_per_day"]))
    cg.add(dongle.set_refresh(config["refresh"]))
    cg.add(dongle.set_records(config["records"], config["replay_per_second"]))


def _value(value: dict[str, Any]) -> cg.StructInitializer:
    what = value[CONF_VALUE]
    named = isinstance(what, str)
    bounds = [(field, value[key]) for key, field in (("min", "lowest"), ("max", "highest")) if key in value]
    return cg.StructInitializer(
        Value,
        ("source", getattr(Source, what.upper() if named else "NUMBER")),
        ("number", 0 if named else what),
        ("scale", value["scale"]),
        ("offset", value["offset"]),
        *bounds,
        ("words", value["words"]),
        ("little", value["word_order"] == "little"),
        ("floating", value["float"]),
    )


def _order(order: dict[str, Any]) -> tuple[int, int, int]:
    return MODES.index(order["mode"]), order.get("power", MOST_ALLOWED_W if order["mode"] in FORCED else 0), order.get("target_soc", 0)


async def _listen(dongle: cg.MockObj, config: dict[str, Any]) -> None:
    """Connect the sensors that have the agreed ids, and watch what the bus answers."""
    hub = next(hub for hub in CORE.config["modbus"] if hub[CONF_ID] == config[modbus.CONF_MODBUS_ID])
    cg.add(dongle.set_bus(hub[modbus.CONF_SEND_WAIT_TIME], hub[modbus.CONF_TURNAROUND_TIME]))
    for sensor in declared(CORE.config.get("sensor", [])):
        if sensor.id in QUANTITIES:
            cg.add(dongle.read_from(QUANTITIES.index(sensor.id), await cg.get_variable(sensor)))
    for controller in CORE.config.get("modbus_controller", []):
        cg.add(dongle.watch(await cg.get_variable(controller[CONF_ID])))
    for read in CORE.config.get("sensor", []):
        if read["platform"] == "modbus_controller":
            cg.add(dongle.watch(await cg.get_variable(read[CONF_ID])))
