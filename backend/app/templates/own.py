"""What is special about one house: its own entities, signs and option words, and what of its model it has not got."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from app.domain.errors import InvalidInputError
from app.domain.reading import Quantity
from app.templates.orders import ModeName
from app.templates.reads import Strict
from app.templates.way_home_assistant import Call, HomeAssistant, Sensor, Setting, Write

EntityId = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]


class OwnSensor(Strict):
    """A house's own sensor. What is not said is the model's; another entity's sign is taken as it is."""

    entity: EntityId | None = None
    sign: Literal[1, -1] | None = None
    minus: EntityId | None = None


class Own(Strict):
    """What is special about one house. What is left out is as the model says; what is null is switched off."""

    settings: dict[str, EntityId | None] = Field(default_factory=dict)
    """Role to entity."""
    sensors: dict[Quantity, EntityId | OwnSensor | None] = Field(default_factory=dict)
    """Quantity to entity, or to entity, sign and what is subtracted."""
    words: dict[str, dict[ModeName, str | None]] = Field(default_factory=dict)
    """Role to the option it is set to in a mode."""
    device_id: str | None = None
    """Home Assistant's id of the device, for models whose actions are called on one."""
    max_power_kw: float | None = Field(None, gt=0)
    max_current_a: float | None = Field(None, gt=0)


def own_of(told: Mapping[str, object]) -> Own:
    """Return a house's own part, as it stands in JSON.

    Raises:
        InvalidInputError: it makes no sense; the sentence names the keys.
    """
    try:
        return Own.model_validate_json(json.dumps(dict(told)))
    except ValidationError as error:
        raise InvalidInputError("; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())) from error


def adapted(way: HomeAssistant, own: Own) -> HomeAssistant:
    """Return the way as this house has it: what it cannot do without is lacking with its reason, the rest is left out.

    Raises:
        InvalidInputError: it names a role that is none, or leaves the house no self-use.
    """
    return _Adapted(way=way, own=own).whole()


@dataclass(frozen=True, kw_only=True)
class _Adapted:
    way: HomeAssistant
    own: Own

    def whole(self) -> HomeAssistant:
        self._must_be_known()
        way, lacks = self.way, {mode: reason for mode in self.way.modes if (reason := self._lack(mode)) is not None}
        if "self_use" in lacks:
            raise InvalidInputError(f"{way.title} cannot go back to self-use: {lacks['self_use']}")
        return way.model_copy(
            update={
                "settings": {role: self._setting(role) for role in way.settings},
                "sensors": {quantity: self._sensor(quantity) for quantity in way.sensors},
                "modes": {mode: self._steps(mode) for mode in way.modes if mode not in lacks},
                "lacks": way.lacks | lacks,
                "press": tuple(role for role in way.press if not self._is_off(role)),
            }
        )

    def _must_be_known(self) -> None:
        unknown = sorted((set(self.own.settings) | set(self.own.words)) - set(self.way.settings))
        if unknown:
            raise InvalidInputError(f"{self.way.title} has no role {', '.join(unknown)}; there are {', '.join(self.way.settings)}")
        for role, by_mode in self.own.words.items():
            for mode in by_mode:
                if not any(_sets_option(step, role) for step in self.way.modes.get(mode, ())):
                    raise InvalidInputError(f"{self.way.title} sets no option of {role} in {mode}")

    def _lack(self, mode: ModeName) -> str | None:
        """Return why a mode of the model cannot be done in this house; None where it can."""
        off = [role for role in self.way.settings if self._is_off(role) and self.way.needs(role, mode)]
        if off:
            return f"{', '.join(off)} is switched off in this house"
        wordless = [role for role, words in self.own.words.items() if mode in words and words[mode] is None and self.way.needs(role, mode)]
        return f"{', '.join(wordless)} has no option for it in this house" if wordless else None

    def _is_off(self, role: str) -> bool:
        return role in self.own.settings and self.own.settings[role] is None

    def _setting(self, role: str) -> Setting:
        setting = self.way.settings[role]
        return setting.model_copy(update={"entity": self.own.settings.get(role, setting.entity) or ""})

    def _sensor(self, quantity: Quantity) -> Sensor:
        sensor = self.way.sensors[quantity]
        if quantity not in self.own.sensors:
            return sensor
        own = self.own.sensors[quantity]
        if own is None:
            return Sensor(entity="")
        wish = OwnSensor(entity=own) if isinstance(own, str) else own
        standard = sensor if wish.entity is None else Sensor(entity=wish.entity)
        return Sensor(entity=standard.entity, sign=wish.sign or standard.sign, minus=wish.minus or standard.minus)

    def _steps(self, mode: ModeName) -> tuple[Write | Call, ...]:
        told = (self._worded(step, mode) for step in self.way.modes[mode])
        return tuple(step for step in told if step is not None)

    def _worded(self, step: Write | Call, mode: ModeName) -> Write | Call | None:
        """Return a step as this house takes it; None where its role or its option is switched off."""
        if isinstance(step, Call):
            return step
        role, told = step
        words = self.own.words.get(role, {})
        if _sets_option(step, role) and mode in words:
            own = words[mode]
            return None if own is None or self._is_off(role) else (role, own)
        return None if self._is_off(role) else (role, told)


def _sets_option(step: Write | Call, role: str) -> bool:
    """Tell whether a step sets that role to an option by its name."""
    return isinstance(step, tuple) and step[0] == role and isinstance(step[1], str) and not step[1].lstrip("-").startswith("$")
