"""Whether the parts of a template agree with each other."""

from collections.abc import Collection, Iterable, Mapping

from app.templates.orders import Control, ModeName, Step, Timer
from app.templates.reads import UNITS, Derived, Read, Table

Modes = Mapping[ModeName, tuple[Step, ...]]


def read_complaints(reads: Mapping[str, Read], columns: Iterable[str], derive: Mapping[str, Derived], table: Table) -> list[str]:
    """Return what does not agree in what is read, each by its key."""
    every = (*reads, *columns, *derive)
    found = [f"{key}: it is said twice" for key in sorted({key for key in every if every.count(key) > 1})]
    found += [f"{key}: {key.rsplit('.', 1)[1]} is no quantity" for key in every if key.rsplit(".", 1)[1] not in UNITS]
    found += [f"derive.{key}: {source} is not read" for key, each in derive.items() for source in each.sources if source not in reads]
    taken: dict[tuple[str, int], str] = {}
    for key, read in reads.items():
        for address in range(read.at, read.at + read.words):
            other = taken.setdefault((read.table or table, address), key)
            if other != key:
                found.append(f"reads.{key}.at: {address} is {other} already")
    return found


def order_complaints(controls: Mapping[str, Control], modes: Modes, timer: Timer | None, refresh_s: int) -> list[str]:
    """Return what does not agree in what can be ordered, each by its key."""
    found = []
    for mode, steps in modes.items():
        for place, step in enumerate(steps):
            found += [f"modes.{mode}.{place}: {text}" for text in _step_complaints(step, controls)]
    if timer:
        named = {timer.control, *timer.rearmed_by, *timer.sets}
        found += [f"timer: {name} is no control" for name in sorted(named - controls.keys())]
        found += _timer_complaints(modes, timer, refresh_s)
    return found


def mode_complaints(modes: Collection[str], lacks: Collection[str], every: Iterable[str]) -> list[str]:
    """Return what does not agree in what is offered and what is lacking: each mode is one or the other, and self-use never lacks."""
    found = [] if "self_use" in modes else ["modes: self_use is missing"]
    return found + [f"lacks: {mode} is either a mode or lacking, with its reason" for mode in every if (mode in modes) == (mode in lacks)]


def _step_complaints(step: Step, controls: Mapping[str, Control]) -> list[str]:
    control = controls.get(step.write)
    if control is None:
        return [f"write: {step.write} is no control"]
    found = []
    if len(step.numbers) != len(control.kinds):
        found.append(f"values: {step.write} takes {len(control.kinds)}")
    if step.refresh and control.write_class == "flash":
        found.append(f"refresh: {step.write} would wear out its flash")
    return found


def _timer_complaints(modes: Modes, timer: Timer, refresh_s: int) -> list[str]:
    found = []
    for mode, steps in modes.items():
        for place, step in enumerate(steps):
            fixed = step.numbers[timer.number].value if step.write == timer.control else None
            if isinstance(fixed, int) and 0 < fixed * (60 if timer.unit == "min" else 1) < 2 * refresh_s:
                found.append(f"modes.{mode}.{place}: the timer must last two refreshes of {refresh_s} s")
    return found
