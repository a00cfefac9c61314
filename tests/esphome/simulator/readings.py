"""The registers an inverter fills with what it measures: the templates' read map, the other way round."""

from app.templates.reads import Derived, Read
from app.templates.template import Template
from app.templates.words import encode

WORD_HOLDS = 3000
"""From here on a number in tenths would not fit a signed word, so the scale factor says tens."""
Registers = dict[tuple[str, int], int]


def fill(template: Template, measured: dict[str, float]) -> Registers:
    """Return every readable register with its word."""
    values = {key: measured[key] for key in template.reads if key in measured}
    for key, derived in template.derive.items():
        values |= _parts(derived, measured[key])
    registers: Registers = {}
    for key, read in template.reads.items():
        table = read.table or template.bus.table
        for offset, word in enumerate(_words(template, read, values[key])):
            registers[table, read.at + offset] = word
    return registers


def _words(template: Template, read: Read, value: float) -> list[int]:
    return encode(value / read.scale - read.offset, read.kind, read.order or template.bus.order)


def _parts(derived: Derived, total: float) -> dict[str, float]:
    value = total / derived.scale
    if derived.magnitude:
        ((sign, negative),) = derived.negative_when.items()
        return {derived.magnitude: abs(value), sign: negative if value < 0 else 1 - negative}
    if derived.raw and derived.ten_to:
        exponent = -1 if abs(value) < WORD_HOLDS else 1
        return {derived.raw: value / 10**exponent, derived.ten_to: exponent}
    if derived.less:
        return {derived.add[0]: max(value, 0.0), derived.less[0]: max(-value, 0.0)}
    first = round(value * 0.75)
    rest = [(value - first) / (len(derived.add) - 1)] * (len(derived.add) - 1)
    return dict(zip(derived.add, [first, *rest], strict=True))
