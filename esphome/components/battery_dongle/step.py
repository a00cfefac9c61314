"""One step of telling an inverter a mode, as a product's configuration has it: which register gets which values."""

from typing import Any

import esphome.config_validation as cv
from esphome.const import CONF_VALUE

SOURCES = ["power", "power_pct", "current", "lease_s", "lease_min", "target_soc", "max_charge", "max_discharge"]
MOST_WORDS = 16
"""Step::MAX_WORDS in steps.h."""


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
