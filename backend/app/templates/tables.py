"""The tables of inverters in the guides of dongle and flow, made of the models."""

from collections.abc import Iterable
from typing import get_args

from app.domain.errors import InvalidTemplateError
from app.templates.esphome_sensors import HOUSE
from app.templates.model import Model
from app.templates.orders import ModeName
from app.templates.template import Template

BEGIN_DONGLE = "<!-- what follows up to the next such line is written by esphome/build.py -->\n"
BEGIN_FLOW = "<!-- what follows up to the next such line is written by nodered/profiles.py -->\n"
END = "<!-- until here -->\n"
NOTHING = "\N{EN DASH}"

HOPED_FOR = [
    ("Tesla Powerwall", "", "no Modbus at all; read over its own network interface, ordered through Tesla's cloud only"),
    ("Huawei LUNA2000", "huawei-luna2000", "through the SUN2000; the battery's own RS485 is the inverter's private bus"),
    ("LG RESU", "", "48 V models speak CAN to their inverter and high-voltage models a private bus; use the inverter's package"),
    ("sonnen", "", "no Modbus in use; it has a network interface of its own"),
    ("BYD Battery-Box", "", "its CAN or RS485 already has its master, the inverter; use the inverter's package"),
    ("Pylontech US2000, US3000", "pylontech-us", "text frames instead of Modbus, and no set point exists; order its inverter"),
]
"""Brand, package, and what is true about it."""


def filled(guide: str, begin: str, made: str) -> str:
    """Return a guide with its marked part made anew.

    Raises:
        InvalidTemplateError: the two lines around that part are missing.
    """
    if guide.count(begin) != 1 or guide.count(END) != 1:
        raise InvalidTemplateError("README.md: the two lines around the made part are missing")
    before, rest = guide.split(begin)
    return f"{before}{begin}\n{made}\n{END}{rest.split(END)[1]}"


def flow_table(models: list[Model]) -> str:
    """Return the inverters that the flow drives through Home Assistant."""
    lines = ["| profile | model | integration | verified | cannot | before you start |", "| --- | --- | --- | --- | --- | --- |"]
    for model in models:
        way = model.ways.home_assistant
        if way is not None:
            lacks = ", ".join(_plain(mode) for mode in get_args(ModeName) if mode in way.lacks) or NOTHING
            name = next(iter(model.aliases), model.id)
            lines.append(f"| `{name}` | `{model.id}` | {way.integration} | {way.verified} | {lacks} | {way.before} |")
    lines += ["", "Why not:", ""]
    for model in models:
        way = model.ways.home_assistant
        if way is not None and way.lacks:
            lines.append(f"- `{model.id}`: {'; '.join(f'{_plain(mode)}: {reason}' for mode, reason in way.lacks.items())}.")
    return "\n".join(lines) + "\n"


def _plain(mode: str) -> str:
    return mode.replace("feed_in", "feed-in").replace("_", " ")


def dongle_tables(templates: list[Template]) -> str:
    """Return the compatibility sections of the dongle's guide."""
    known = {template.id: template for template in templates}
    writable = [template for template in templates if template.verified]
    lines = ["## Which inverters", "", f"{len(templates)} packages, of which {len(writable)} may write once you allow it.", ""]
    lines += ["| package | inverters | speed, unit | reads | modes | its own timer | orders |", "|---|---|---|---|---|---|---|"]
    lines += [_row(template) for template in templates]
    lines += ["", "### Which socket of which inverter", ""]
    ports = {template.port: None for template in templates}
    lines += [f"- {_named(each for each in templates if each.port == port)}: {port}" for port in ports]
    lines += ["", "### Why the others only read", ""]
    lines += ["A `?` in the table means: to be confirmed on a real one.", ""]
    lines += [f"- `{template.id}`: {'; '.join(template.doubts)}." for template in templates if template.doubts]
    lines += ["", "### What to know", ""]
    notes = {note: None for template in templates for note in template.notes}
    lines += [f"- {_named(each for each in templates if note in each.notes)}: {note}" for note in notes]
    lines += ["", "### The brands first hoped for", "", "| brand | by the dongle | what is true |", "|---|---|---|"]
    lines += [f"| {brand} | {_by_dongle(known.get(package))} | {truth} |" for brand, package, truth in HOPED_FOR]
    lines += ["", "Only over the network, so never by a dongle: SMA, Victron, Ferroamp, Sigenergy, Tesla, sonnen."]
    return "\n".join(lines) + "\n"


def _named(templates: Iterable[Template]) -> str:
    return ", ".join(f"`{template.id}`" for template in templates)


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
