"""Carries out a mode by the book, as the dongle does: in order, flash only where it differs, and read back where asked."""

from collections.abc import Mapping

from app.templates.orders import ModeName
from app.templates.words import decode
from tests.esphome.simulator.inverter import Inverter
from tests.esphome.simulator.orders import words_of


def command(inverter: Inverter, power_w: float = 2000.0, lease_s: float = 600.0, target_soc: float = 90.0) -> dict[str, float]:
    """Return a command's numbers under the names that templates use."""
    return {
        "power": power_w,
        "power_pct": int(power_w * 100 / inverter.house.rated_w),
        "lease_s": lease_s,
        "lease_min": lease_s / 60,
        "target_soc": target_soc,
        "max_charge": inverter.house.max_charge_w,
        "max_discharge": inverter.house.max_discharge_w,
    }


def carry_out(inverter: Inverter, mode: ModeName, numbers: Mapping[str, float]) -> None:
    """Write a mode's steps.

    Raises:
        AssertionError: a write was refused, or reads back differently.
    """
    for step in inverter.template.modes[mode]:
        control = inverter.template.controls[step.write]
        words = words_of(control, step, numbers)
        there = inverter.read("holding", control.at, control.words)
        if control.write_class == "flash" and there == words:
            continue
        refusal = inverter.write(control.function, control.at, words)
        assert refusal is None, f"{mode}: {step.write} is refused: {refusal}"
        if step.check:
            assert inverter.read("holding", control.at, control.words) == words, f"{mode}: {step.write} reads back differently"


def refresh(inverter: Inverter, mode: ModeName, numbers: Mapping[str, float]) -> None:
    """Write what a mode's template says is to be repeated."""
    for step in inverter.template.modes[mode]:
        if step.refresh:
            control = inverter.template.controls[step.write]
            assert inverter.write(control.function, control.at, words_of(control, step, numbers)) is None


def measure(inverter: Inverter) -> dict[str, float]:
    """Read every key of the template, in our units and signs."""
    template = inverter.template
    found = {}
    for key, read in template.reads.items():
        words = inverter.read(read.table or template.bus.table, read.at, read.words)
        found[key] = (decode(words, read.kind, read.order or template.bus.order) + read.offset) * read.scale
    return found | {key: derived.of(found) for key, derived in template.derive.items()}
