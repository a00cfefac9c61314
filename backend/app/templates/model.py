"""A model: one make and family told once: what it is, its words, and the ways it can be reached, each with what it offers and lacks."""

import json
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from app.domain.errors import InvalidTemplateError
from app.templates.orders import ModeName
from app.templates.reads import Strict
from app.templates.way_home_assistant import HomeAssistant
from app.templates.way_modbus import Modbus

WayName = Literal["modbus", "home_assistant"]


class Identity(Strict):
    """Which devices these are."""

    title: str
    makes: tuple[str, ...] = Field(min_length=1)


class Ways(Strict):
    """How the device can be reached, each way with what it really offers."""

    modbus: Modbus | None = None
    home_assistant: HomeAssistant | None = None


class Model(Strict):
    """One make and family."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    aliases: tuple[str, ...] = ()
    """Other names it is known by, as `BATTERY_PROFILE` had them."""
    identity: Identity
    words: dict[ModeName, str] = Field(default_factory=dict)
    """The vendor's word for a mode; a mode without one goes by its own name."""
    ways: Ways = Ways()

    @property
    def named_ways(self) -> dict[WayName, Modbus | HomeAssistant]:
        """The ways it has, the one through Home Assistant first."""
        found: dict[WayName, Modbus | HomeAssistant | None] = {"home_assistant": self.ways.home_assistant, "modbus": self.ways.modbus}
        return {name: way for name, way in found.items() if way is not None}

    @model_validator(mode="after")
    def _words_tell_modes_apart(self) -> Self:
        said = list(self.words.values())
        for mode, word in self.words.items():
            if said.count(word) > 1:
                raise ValueError(f"words.{mode}: {word!r} stands for two modes")
        return self


def load_model(path: Path) -> Model:
    """Return the model in a file.

    Raises:
        InvalidTemplateError: it is no good; the sentence names file and key.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceOnly)  # noqa: S506  (a SafeLoader that refuses a key said twice)
        model = Model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise InvalidTemplateError("; ".join(f"{path.name}: {_place(each['loc'])}{each['msg']}" for each in error.errors())) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise InvalidTemplateError(f"{path.name}: {error}") from error
    if model.id != path.stem:
        raise InvalidTemplateError(f"{path.name}: id: {model.id} is not the file's name")
    return model


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""


class _OnceOnly(yaml.SafeLoader):
    """Refuses a key said twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (as inherited)
        """Return the mapping, if each of its keys is new."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is said twice", node.start_mark)
        return super().construct_mapping(node, deep)
