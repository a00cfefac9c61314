"""An ESPHome package made of a template: how the bus is spoken to, its sensors, and the writes the dongle's component may do."""

from collections.abc import Iterator

import yaml

from app.templates.esphome_orders import uses_percent, written
from app.templates.esphome_sensors import Item, console_sensors, sensors, wanted
from app.templates.template import Template


def package(template: Template) -> str:
    """Return the package's text; the same template gives the same bytes."""
    console = template.connect.protocol == "pylontech"
    bus = _console(template) if console else _controllers(template) + "\nsensor:\n" + "".join(map(_line, sensors(template)))
    blocks = [_head(template), _substitutions(template), bus, _component(template)]
    return "\n".join(block for block in blocks if block)


def _head(template: Template) -> str:
    lines = [f"{template.identity.title}: made by esphome/build.py from backend/models/{template.id}.yaml; change it there."]
    lines += [f"Plug into: {template.port}."]
    lines += [f"Read only: {'; '.join(template.doubts)}."] if template.doubts else []
    return "".join(f"# {line}\n" for line in lines)


def _substitutions(template: Template) -> str:
    said = {
        "modbus_baud": str(template.connect.baud),
        "modbus_parity": template.connect.parity.upper(),
        "modbus_unit": str(template.connect.unit),
        "modbus_timeout": f"{template.bus.timeout_ms}ms",
        "modbus_pause": f"{template.bus.pause_ms}ms",
        "poll": "5s",
        "poll_slow": "60s",
    }
    if template.connect.protocol == "pylontech":
        said |= {"modbus_baud": "9600", "console_tx": "GPIO25", "console_rx": "GPIO26"}
    return "substitutions:\n" + "".join(f'  {name}: "{value}"\n' for name, value in said.items())


def _controllers(template: Template) -> str:
    rates = {"fast": ("inverter", "${poll}"), "slow": ("inverter_slow", "${poll_slow}")}
    used = {read.every for read in wanted(template).values()}
    each: Iterator[Item] = (
        {"id": name, "address": "${modbus_unit}", "update_interval": poll} for rate, (name, poll) in rates.items() if rate in used
    )
    return "modbus_controller:\n" + "".join(map(_line, each))


def _console(template: Template) -> str:
    """Return a battery's console on a serial port of its own; the Modbus bus stays idle, but the component wants one."""
    lines = ["uart:\n", _line({"id": "console", "tx_pin": "${console_tx}", "rx_pin": "${console_rx}", "baud_rate": template.connect.baud})]
    lines += ["\npylontech:\n", _line({"id": "stack", "uart_id": "console", "update_interval": "${poll}"})]
    lines += ["\nmodbus_controller:\n", _line({"id": "inverter", "address": "${modbus_unit}", "update_interval": "never"})]
    lines += ["\nsensor:\n", *map(_line, console_sensors(template))]
    return "".join(lines)


def _component(template: Template) -> str:
    lines = ["battery_dongle:", f"  inverter: {template.id}", f"  verified: {str(template.verified).lower()}"]
    if template.modes:
        lines.append(f"  refresh: {template.refresh_s}s")
        lines += ["  rated_power: ${rated_power}"] if uses_percent(template) else []
        lines.append("  modes:")
    for mode, steps in template.modes.items():
        lines.append(f"    {mode}:")
        lines += [f"    {_line(written(step, template.controls[step.write]))}".rstrip("\n") for step in steps]
    return "\n".join(lines) + "\n"


def _line(item: Item) -> str:
    shown = {name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in item.items()}
    text = yaml.safe_dump(shown, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000)
    return f"  - {text}"
