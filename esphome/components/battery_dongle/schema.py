"""What a product's configuration may say of the dongle; whatever would not work is refused with its reason."""

from collections.abc import Iterator
from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
import esphome.final_validate as fv
from esphome.const import CONF_ADDRESS, CONF_ID, CONF_TIME_ID, CONF_VALUE
from esphome.core import ID

from esphome import automation
from esphome.components import modbus, text_sensor
from esphome.components import time as time_

from .step import STEPS

namespace = cg.esphome_ns.namespace("battery_dongle")
BatteryDongle = namespace.class_("BatteryDongle", cg.Component, modbus.ModbusClientDevice)

MODES = ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"]
FORCED = ["force_charge", "force_discharge"]
PRICES = ["negative", "cheap", "normal", "expensive"]

POWER_W = cv.int_range(0, 30000)


def _check_order(order: dict[str, Any]) -> dict[str, Any]:
    if order["mode"] not in FORCED and ("power" in order or "target_soc" in order):
        raise cv.Invalid("power and target_soc belong to force_charge and force_discharge")
    return order


ORDER = cv.Schema(
    {
        cv.Required("mode"): cv.one_of(*MODES, lower=True),
        cv.Optional("power"): POWER_W,
        cv.Optional("target_soc"): cv.int_range(1, 100),
    }
)
TIMED_ORDER = ORDER.extend({cv.Required("from"): cv.time_of_day, cv.Required("to"): cv.time_of_day})
RULES = cv.Schema(
    {
        **{cv.Optional(price): cv.All(ORDER, _check_order) for price in PRICES},
        cv.Optional("times", default=[]): cv.All(cv.ensure_list(cv.All(TIMED_ORDER, _check_order)), cv.Length(max=8)),
    }
)


def _orders(rules: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (rules[price] for price in PRICES if price in rules)
    yield from rules["times"]


def _check_whole(config: dict[str, Any]) -> dict[str, Any]:
    modes = config["modes"]
    if config["reserve_soc"] + config["hysteresis"] >= config["max_soc"]:
        raise cv.Invalid("reserve_soc and its hysteresis must stay below max_soc")
    if modes and "self_use" not in modes:
        raise cv.Invalid("modes need self_use: the way back must always be there")
    if config["verified"] and not modes:
        raise cv.Invalid("an inverter without modes takes no orders: verified must be false")
    for name, steps in modes.items():
        for step in steps:
            for value in step["values"]:
                if value[CONF_VALUE] == "power_pct" and "rated_power" not in config:
                    raise cv.Invalid(f"{name} uses power_pct, so rated_power is needed")
                if value[CONF_VALUE] == "lease_s" and value.get("max", 2**16) < 2 * config["refresh"].total_seconds:
                    raise cv.Invalid(f"{name}: the inverter's timer of at most {value['max']} s would run out between refreshes")
    for order in _orders(config["rules"]):
        if modes and order["mode"] not in modes:
            raise cv.Invalid(f"a rule wants {order['mode']}, which this inverter does not offer")
    for limit in ("max_import_power", "max_export_power"):
        if 0 < config[limit] <= config["fuse_margin"]:
            raise cv.Invalid(f"{limit} must be above fuse_margin")
    return config


CONFIG_SCHEMA = cv.All(
    cv.Schema(
        {
            cv.GenerateID(): cv.declare_id(BatteryDongle),
            cv.GenerateID(CONF_TIME_ID): cv.use_id(time_.RealTimeClock),
            cv.Required("inverter"): cv.string_strict,
            cv.Optional("firmware", default="0.1.0"): cv.string_strict,
            cv.Required("verified"): cv.boolean,
            cv.Optional("allow_writes", default=False): cv.boolean,
            cv.Optional("refresh", default="20s"): cv.All(cv.positive_time_period_milliseconds, cv.Range(min=cv.TimePeriod(seconds=1))),
            cv.Optional("rated_power"): cv.int_range(100, 100000),
            cv.Optional("modes", default={}): cv.Schema({cv.Optional(mode): STEPS for mode in MODES}),
            cv.Optional("max_charge_power", default=3000): POWER_W,
            cv.Optional("max_discharge_power", default=3000): POWER_W,
            cv.Optional("reserve_soc", default=10): cv.float_range(0, 100),
            cv.Optional("max_soc", default=100): cv.float_range(1, 101),
            cv.Optional("hysteresis", default=2): cv.float_range(0.5, 20),
            cv.Optional("max_import_power", default=0): POWER_W,
            cv.Optional("max_export_power", default=0): POWER_W,
            cv.Optional("fuse_margin", default=200): POWER_W,
            cv.Optional("mains_voltage", default=230): cv.float_range(90, 450),
            cv.Optional("ramp", default=0): cv.int_range(0, 30000),
            cv.Optional("rules", default={}): RULES,
            cv.Optional("stale_after", default="60s"): cv.positive_time_period_milliseconds,
            cv.Optional("flash_writes_per_day", default=30): cv.int_range(1, 200),
            cv.Optional("ram_writes_per_day", default=20000): cv.int_range(100, 65000),
            cv.Optional("records", default=1440): cv.int_range(60, 2880),
            cv.Optional("replay_per_second", default=4): cv.int_range(1, 50),
            cv.Optional("state"): text_sensor.text_sensor_schema(entity_category="diagnostic"),
            cv.Optional("fault"): text_sensor.text_sensor_schema(entity_category="diagnostic"),
            cv.Optional("on_telemetry"): automation.validate_automation({}),
            cv.Optional("on_status"): automation.validate_automation({}),
            cv.Optional("on_response"): automation.validate_automation({}),
        }
    )
    .extend(cv.COMPONENT_SCHEMA)
    .extend(modbus.modbus_device_schema(None)),
    _check_whole,
)


def declared(config: Any) -> Iterator[ID]:
    """Find the ids of all sensors in a piece of validated configuration."""
    if isinstance(config, dict):
        if isinstance(config.get(CONF_ID), ID):
            yield config[CONF_ID]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from declared(part)


def check_product(config: dict[str, Any]) -> None:
    """Check what only the whole product shows: the address on the bus, and that some sensor is the state of charge."""
    whole = fv.full_config.get()
    if config[CONF_ADDRESS] == 0:
        raise cv.Invalid("0 is Modbus' broadcast address; an inverter has 1 to 247")
    if not any(known.id == "soc" for known in declared(whole.get("sensor", []))):
        raise cv.Invalid("the inverter's package gives no sensor with the id soc")
