"""What an executor needs to know of a model to carry orders out in one house: plain JSON, with the house's own entities and words in it."""

from collections.abc import Mapping

from app.domain.errors import InvalidInputError
from app.templates.catalogue import model_named
from app.templates.model import WayName
from app.templates.own import adapted, own_of
from app.templates.way_home_assistant import Call, HomeAssistant, Setting, Write

Json = dict[str, object]


def executor_profile(model: str, way: WayName = "home_assistant", own: Mapping[str, object] | None = None) -> Json:
    """Return the model as the flow takes it: entities by role, sensors by quantity, modes as ordered writes, and what it lacks and why.

    `own` is the house's part (`own.Own`): other entities, null for what it has not got, other option words.

    Raises:
        NotFoundError: there is no such model.
        InvalidInputError: it is not driven from outside that way, or the house's own part is wrong or leaves it no self-use.
    """
    found, house = model_named(model), own_of(own or {})
    chosen = found.named_ways.get(way)
    if not isinstance(chosen, HomeAssistant):
        raise InvalidInputError(f"{found.identity.title} is not driven from outside by way of {way}")
    here = adapted(chosen, house)
    rest: Json = {
        "press": list(here.press),
        "read_back": here.read_back.value,
        "refresh_s": here.refresh_s,
        "most_minutes": here.most_minutes,
        "device_id": house.device_id,
        "max_power_kw": house.max_power_kw,
        "max_current_a": house.max_current_a,
    }
    return {
        "profile": next(iter(found.aliases), found.id),
        "title": here.title,
        "verified": here.verified,
        "notes": list(here.notes),
        "tells": here.tells,
        "settings": {role: _setting(setting) for role, setting in here.settings.items()},
        "sensors": {quantity.value: sensor.model_dump(exclude_none=True) for quantity, sensor in here.sensors.items()},
        "modes": {mode: [_step(step) for step in steps] for mode, steps in here.modes.items()},
        "lacks": dict(here.lacks),
    } | {name: value for name, value in rest.items() if value not in (None, [])}


def _setting(setting: Setting) -> Json:
    numbers = {name: getattr(setting, name) for name in ("least", "most", "step", "tolerance")}
    more = {"unit": setting.unit} | {name: _plain(value) for name, value in numbers.items()}
    return {"entity": setting.entity} | {name: value for name, value in more.items() if value is not None}


def _plain(number: float | None) -> float | None:
    """Return a whole number without a point."""
    return int(number) if number is not None and number.is_integer() else number


def _step(step: Write | Call) -> object:
    return step.model_dump(exclude_none=True) if isinstance(step, Call) else list(step)
