"""Reads an inverter over Modbus, keeps what it read, and carries out orders within limits; see esphome/PROTOCOL.md."""

from collections.abc import Iterator
from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
import esphome.final_validate as fv
from esphome.const import CONF_ADDRESS, CONF_ID, CONF_TIME_ID, CONF_VALUE
from esphome.core import CORE, ID

from esphome import automation
from esphome.components import modbus, text_sensor
from esphome.components import time as time_

DEPENDENCIES = ["modbus", "modbus_controller", "time"]
AUTO_LOAD = ["sensor", "text_sensor"]

namespace = cg.esphome_ns.namespace("battery_dongle")
BatteryDongle = namespace.class_("BatteryDongle", cg.Component, modbus.ModbusClientDevice)
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
MODES = ["self_use", "force_charge", "force_discharge", "feed_in_first", "hold"]
FORCED = ["force_charge", "force_discharge"]
PRICES = ["negative", "cheap", "normal", "expensive"]
SOURCES = ["power", "power_pct", "current", "lease_s", "lease_min", "target_soc", "max_charge", "max_discharge"]
MOST_ALLOWED_W = -1
MOST_WORDS = 16
"""Step::MAX_WORDS in steps.h."""

POWER_W = cv.int_range(0, 30000)


def _value_schema(name: str) -> cv.Schema:
    return cv.Schema(
        {
            cv.Required(name): cv.Any(cv.one_of(*SOURCES, lower=True), cv.float_),
            cv.Optional("scale", default=1.0): cv.float_,
            cv.Optional("offset", default=0.0): cv.float_,
            cv.Optional("min"): cv.float_,
            cv.Optional("max"): cv.float_,
            cv.Optional("words"): cv.one_of(1, 2, int=True),
            cv.Optional("word_order", default="big"): cv.one_of("big", "little", lower=True),
            cv.Optional("float", default=False): cv.boolean,
        }
    )


def _check_value(value: dict[str, Any]) -> dict[str, Any]:
    value["words"] = value.get("words", 2 if value["float"] else 1)
    if value["float"] and value["words"] != 2:
        raise cv.Invalid("a float needs 2 words")
    if "min" in value and "max" in value and value["min"] > value["max"]:
        raise cv.Invalid("min is above max")
    if isinstance(value[CONF_VALUE], float) and not value["float"]:
        number = value[CONF_VALUE] * value["scale"] + value["offset"]
        lowest, highest = (-(2**15), 2**16 - 1) if value["words"] == 1 else (-(2**31), 2**32 - 1)
        if not lowest <= number <= highest:
            raise cv.Invalid(f"{number} does not fit into {value['words']} word(s)")
    return value


def _one_of_several(value: Any) -> dict[str, Any]:
    """Take a plain number, which is one word, or a map with the keys of a single value."""
    if not isinstance(value, dict):
        value = {CONF_VALUE: value}
    return _check_value(_value_schema(CONF_VALUE)(value))


def _check_step(step: dict[str, Any]) -> dict[str, Any]:
    if (CONF_VALUE in step) == ("values" in step):
        raise cv.Invalid("a step has either value or values")
    if CONF_VALUE in step:
        keys = (CONF_VALUE, "scale", "offset", "min", "max", "words", "word_order", "float")
        step["values"] = [_check_value({key: step.pop(key) for key in keys if key in step})]
    words = sum(value["words"] for value in step["values"])
    if words > MOST_WORDS:
        raise cv.Invalid(f"at most {MOST_WORDS} words together")
    if step["function"] == 6 and words != 1:
        raise cv.Invalid("function 6 writes one word; use function 16")
    if step["register"] + words > 65536:
        raise cv.Invalid("the last register is above 65535")
    if step["refresh"] and step["write_class"] == "flash":
        raise cv.Invalid("refreshing a register kept in flash would wear it out")
    return step


STEP = cv.All(
    cv.Schema(
        {
            cv.Required("register"): cv.uint16_t,
            cv.Required("function"): cv.one_of(6, 16, int=True),
            cv.Optional("values"): cv.All(cv.ensure_list(_one_of_several), cv.Length(min=1)),
            cv.Required("write_class"): cv.one_of("ram", "flash", lower=True),
            cv.Optional("refresh", default=False): cv.boolean,
            cv.Optional("check", default=False): cv.boolean,
        }
    ).extend({(cv.Optional(key.schema) if key == CONF_VALUE else key): rule for key, rule in _value_schema(CONF_VALUE).schema.items()}),
    _check_step,
)

STEPS = cv.All(cv.ensure_list(STEP), cv.Length(min=1, max=16))


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


def _declared(config: Any) -> Iterator[ID]:
    """Find the ids of all sensors in a piece of validated configuration."""
    if isinstance(config, dict):
        if isinstance(config.get(CONF_ID), ID):
            yield config[CONF_ID]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _declared(part)


def _final_validate(config: dict[str, Any]) -> None:
    whole = fv.full_config.get()
    if config[CONF_ADDRESS] == 0:
        raise cv.Invalid("0 is Modbus' broadcast address; an inverter has 1 to 247")
    if not any(known.id == "soc" for known in _declared(whole.get("sensor", []))):
        raise cv.Invalid("the inverter's package gives no sensor with the id soc")


FINAL_VALIDATE_SCHEMA = _final_validate


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
    for declared in _declared(CORE.config.get("sensor", [])):
        if declared.id in QUANTITIES:
            cg.add(dongle.read_from(QUANTITIES.index(declared.id), await cg.get_variable(declared)))
    for controller in CORE.config.get("modbus_controller", []):
        cg.add(dongle.watch(await cg.get_variable(controller[CONF_ID])))
    for read in CORE.config.get("sensor", []):
        if read["platform"] == "modbus_controller":
            cg.add(dongle.watch(await cg.get_variable(read[CONF_ID])))
