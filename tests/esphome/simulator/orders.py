"""What an inverter makes of its control registers: which mode of the template do they say, and with what power?"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.templates.orders import Control, ModeName, Step, Value
from app.templates.template import Template
from app.templates.words import count, decode, encode

Words = Mapping[str, list[int]]
ROUNDING = 1.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the inverter knows about itself."""

    rated_w: float
    max_charge_w: float
    max_discharge_w: float


def numbers(control: Control, words: list[int]) -> list[float]:
    """Return the numbers in a control's words."""
    found, at = [], 0
    for kind in control.kinds:
        found.append(decode(words[at : at + count(kind)], kind, control.order))
        at += count(kind)
    return found


def words_of(control: Control, step: Step, command: Mapping[str, float]) -> list[int]:
    """Return what a step writes for a command."""
    pairs = zip(step.numbers, control.kinds, strict=True)
    return [word for value, kind in pairs for word in encode(value.word(command), kind, control.order)]


def said(template: Template, words: Words, facts: Facts) -> dict[ModeName, float]:
    """Return the modes that the registers say, each with its power in W; a clear order says one."""
    found = {mode: _power(template, steps, words, facts) for mode, steps in template.modes.items()}
    return {mode: power for mode, power in found.items() if power is not None}


def _power(template: Template, steps: tuple[Step, ...], words: Words, facts: Facts) -> float | None:
    power = facts.rated_w
    for step in steps:
        present = numbers(template.controls[step.write], words[step.write])
        for value, number in zip(step.numbers, present, strict=True):
            meant = _meant(value, number, facts)
            if meant is None:
                return None
            if value.value in {"power", "power_pct"}:
                power = meant
    return power


def _meant(value: Value, number: float, facts: Facts) -> float | None:
    """Return what a number means, or nothing when a mode would not write it."""
    if isinstance(value.value, int):
        return number if number == value.word({}) else None
    plain = (number - value.offset) / value.scale
    match value.value:
        case "power":
            return plain if plain > 0 else None
        case "power_pct":
            return plain * facts.rated_w / 100 if 0 < plain <= 100 else None
        case "max_charge":
            return plain if abs(plain - facts.max_charge_w) * abs(value.scale) < ROUNDING else None
        case "max_discharge":
            return plain if abs(plain - facts.max_discharge_w) * abs(value.scale) < ROUNDING else None
        case "target_soc":
            return plain if 0 < plain <= 100 else None
        case _:
            return plain if plain > 0 else None
