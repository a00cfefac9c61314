"""What is wrong with a document, each thing at its place in the JSON."""

from collections.abc import Mapping

from pydantic import ValidationError

from app.domain.errors import Place


def complaints(value: object, error: ValidationError) -> list[tuple[Place, str]]:
    """Return where in a JSON value each mistake is, and what it is; nothing of what stands there is repeated."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = [each["loc"] for each in found]
    return [
        (_place(value, each["loc"], missing=each["type"] == "missing"), each["msg"].removeprefix("Value error, "))
        for each in found
        if not (each["type"] == "too_short" and _is_because_of_its_items(each["loc"], wrong))
    ]


def _is_because_of_its_items(location: Place, wrong: list[Place]) -> bool:
    """Tell whether a list is too short only for its wrong items, which are complained of themselves."""
    return any(other[: len(location)] == location for other in wrong if len(other) > len(location))


def _place(value: object, location: Place, *, missing: bool) -> Place:
    """Return a location without the names of the kinds that were tried there, which are no part of the JSON."""
    place: list[int | str] = []
    for nth, part in enumerate(location):
        if isinstance(value, Mapping) and part not in value and not (missing and nth == len(location) - 1):
            continue
        place.append(part)
        value = _inside(value, part)
    return tuple(place)


def _inside(value: object, part: int | str) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    return value[part] if isinstance(value, list | tuple) and isinstance(part, int) and part < len(value) else None
