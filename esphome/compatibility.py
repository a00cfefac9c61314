# ruff: noqa: INP001  (beside the script that uses it, no package)
"""The tables of inverters in the guide, made of the templates."""

from collections.abc import Callable

from app.templates.esphome_sensors import HOUSE
from app.templates.template import Template

HOPED_FOR = [
    ("Tesla Powerwall", "", "no Modbus at all; read over its own network interface, ordered through Tesla's cloud only"),
    ("Huawei LUNA2000", "huawei-luna2000", "through the SUN2000; the battery's own RS485 is the inverter's private bus"),
    ("LG RESU", "", "48 V models speak CAN to their inverter and high-voltage models a private bus; use the inverter's package"),
    ("sonnen", "", "no Modbus in use; it has a network interface of its own"),
    ("BYD Battery-Box", "", "its CAN or RS485 already has its master, the inverter; use the inverter's package"),
    ("Pylontech US2000, US3000", "pylontech-us", "text frames instead of Modbus, and no set point exists; order its inverter"),
]
"""Brand, package, and what is true about it."""


def tables(templates: list[Template]) -> str:
    """Return the compatibility sections."""
    known = {template.id: template for template in templates}
    writable = [template for template in templates if template.verified]
    lines = ["## Which inverters", "", f"{len(templates)} packages, of which {len(writable)} may write once you allow it.", ""]
    lines += ["| package | inverters | speed, unit | reads | modes | its own timer | orders |", "|---|---|---|---|---|---|---|"]
    lines += [_row(template) for template in templates]
    lines += ["", "### Which socket of which inverter", ""]
    ports = {template.identity.port: None for template in templates}
    lines += [f"- {_named(templates, lambda each, port=port: each.identity.port == port)}: {port}" for port in ports]
    lines += ["", "### Why the others only read", ""]
    lines += ["A `?` in the table means: to be confirmed on a real one.", ""]
    lines += [f"- `{template.id}`: {'; '.join(template.doubts)}." for template in templates if template.doubts]
    lines += ["", "### What to know", ""]
    notes = {note: None for template in templates for note in template.identity.notes}
    lines += [f"- {_named(templates, lambda each, note=note: note in each.identity.notes)}: {note}" for note in notes]
    lines += ["", "### The brands first hoped for", "", "| brand | by the dongle | what is true |", "|---|---|---|"]
    lines += [f"| {brand} | {_by_dongle(known.get(package))} | {truth} |" for brand, package, truth in HOPED_FOR]
    lines += ["", "Only over the network, so never by a dongle: SMA, Victron, Ferroamp, Sigenergy, Tesla, sonnen."]
    return "\n".join(lines) + "\n"


def _named(templates: list[Template], which: Callable[[Template], bool]) -> str:
    return ", ".join(f"`{template.id}`" for template in templates if which(template))


def _row(template: Template) -> str:
    present = [key for key in HOUSE if key in {*template.reads, *template.derive, *template.columns}]
    doubtful = [key for key in present if "C" in template.marks_of(key)]
    reads = ", ".join(f"{key}?" if key in doubtful else key for key in present)
    timer = f"{'seconds' if template.timer.unit == 's' else 'minutes'}, then {template.timer.expires_to}" if template.timer else "none"
    orders = "verified" if template.verified else "read-only"
    speed = f"{template.connect.baud}, {template.connect.unit}" + ("?" if template.connect.mark == "C" else "")
    modes = ", ".join(template.modes) or "none"
    return f"| `{template.id}` | {', '.join(template.identity.makes)} | {speed} | {reads} | {modes} | {timer} | {orders} |"


def _by_dongle(template: Template | None) -> str:
    if template is None:
        return "no"
    return f"`{template.id}`, {'verified' if template.verified else 'read-only'}"
