"""The orders of an ESPHome package: which registers the dongle's component writes for each mode."""

from collections.abc import Callable, Iterator

from app.templates.esphome_sensors import Item
from app.templates.orders import Control, Step, Value
from app.templates.template import Template
from app.templates.words import Kind, WordOrder, count, span


def uses_percent(template: Template) -> bool:
    """Return whether powers are written as parts of the rated power."""
    return any(number.value == "power_pct" for steps in template.modes.values() for step in steps for number in step.numbers)


def written(step: Step, control: Control) -> Item:
    """Return a step as the component takes it."""
    item: Item = {"register": control.at, "function": control.function}
    if len(control.kinds) == 1:
        item |= _value(step.numbers[0], control.kinds[0], control.order)
        if control.function == 16:  # noqa: PLR2004  (function code 16)
            item.setdefault("words", 1)
    else:
        item["values"] = [_plain(_value(value, kind, control.order)) for value, kind in zip(step.numbers, control.kinds, strict=True)]
    item["write_class"] = control.write_class
    item |= {name: True for name in ("refresh", "check") if getattr(step, name)}
    return item


def _value(value: Value, kind: Kind, order: WordOrder) -> Item:
    item: Item = {"value": value.value}
    item |= {name: given for name, given, usual in _bounds(value, kind) if given != usual}
    if count(kind) > 1:
        item |= {"words": count(kind), "word_order": order}
    return item | ({"float": True} if kind == "f32" else {})


def _bounds(value: Value, kind: Kind) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield how a number becomes a word; what does not fit one word would come out as another number."""
    yield "scale", value.scale, 1
    yield "offset", value.offset, 0
    low, high = span(kind) if count(kind) == 1 and not isinstance(value.value, int) else (None, None)
    yield "min", _tighter(max, value.min, low), None
    yield "max", _tighter(min, value.max, high), None


def _tighter(pick: Callable[[float, float], float], one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else pick(one, other)


def _plain(item: Item) -> object:
    return item["value"] if set(item) == {"value"} and isinstance(item["value"], int) else item
