"""A device model as data: how it is reached, what it reads, what it can be told, and how sure all of that is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from app.domain.errors import InvalidTemplateError
from app.templates.coherence import order_complaints, read_complaints
from app.templates.orders import PINNED, Control, ModeName, Step, Timer
from app.templates.reads import Column, Derived, Key, Mark, Read, Strict, Table
from app.templates.words import WordOrder

FOLDER = Path(__file__).parents[2] / "models"
MEASURED = ("battery.soc", "battery.power")
"""What control is judged by: a doubt about one of these is a doubt about every command."""


class Identity(Strict):
    """Which devices these are, and where that was read."""

    title: str
    makes: tuple[str, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    port: str
    """Where the two wires go."""
    notes: tuple[str, ...] = ()


class Connect(Strict):
    """How the device listens."""

    protocol: Literal["modbus", "pylontech"] = "modbus"
    baud: int
    parity: Literal["none", "even", "odd"] = "none"
    unit: int = Field(ge=1, le=247)
    mark: Mark
    tcp_port: int | None = None
    note: str = ""


class Bus(Strict):
    """What the device's bus bears."""

    table: Table
    order: WordOrder = "big"
    timeout_ms: int = Field(default=800, ge=100, le=10_000)
    pause_ms: int = Field(default=50, ge=0, le=5000)


class Template(Strict):
    """One device model."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    identity: Identity
    connect: Connect
    bus: Bus
    reads: dict[Key, Read] = Field(default_factory=dict)
    columns: dict[Key, Column] = Field(default_factory=dict)
    derive: dict[Key, Derived] = Field(default_factory=dict)
    controls: dict[str, Control] = Field(default_factory=dict)
    refresh_s: int = Field(default=20, ge=5, le=600)
    modes: dict[ModeName, tuple[Step, ...]] = Field(default_factory=dict)
    timer: Timer | None = None
    orders_move: Literal["battery", "grid"] = "battery"
    """Whose power an order sets."""
    no_orders: str = ""
    """Why it has no modes."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why nothing may be written yet: empty when every control register is doubly sourced and the device has a timer of its own."""
        if not self.modes:
            return (self.no_orders,)
        written = {step.write: self.controls[step.write] for steps in self.modes.values() for step in steps}
        found = [f"{self.connect.baud} baud, unit {self.connect.unit}: to be confirmed"] if self.connect.mark == "C" else []
        found += [f"{name} ({control.at}): {_SOURCED[control.mark]}" for name, control in written.items() if control.mark != "S"]
        guessed = [name for name, control in written.items() if control.function_mark != "S"]
        found += [f"function code of {', '.join(guessed)}: to be confirmed"] if guessed else []
        found += [f"{name} ({control.at}): unknown whether it wears flash" for name, control in written.items() if control.wear == "C"]
        found += [f"{key}: to be confirmed" for key in MEASURED if "C" in self.marks_of(key)]
        if not self.timer:
            return (*found, "has no dead-man timer")
        if self.timer.mark != "S":
            found.append(f"dead-man timer: {_SOURCED[self.timer.mark]}")
        unarmed = [mode for mode in PINNED if mode in self.modes and not self.arms(mode)]
        return (*found, *(f"{mode} arms no dead-man timer" for mode in unarmed))

    @property
    def verified(self) -> bool:
        """Whether the owner may switch writing on."""
        return not self.doubts

    def arms(self, mode: ModeName) -> bool:
        """Return whether a mode arms the device's own timer."""
        return self.timer is not None and any(step.write == self.timer.control for step in self.modes[mode])

    def marks_of(self, key: str) -> set[Mark]:
        """Return the marks of everything a value is made of."""
        if key in self.derive:
            return set[Mark]().union(*(self.marks_of(source) for source in self.derive[key].sources))
        found = self.reads.get(key) or self.columns.get(key)
        return {found.mark} if found else set()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if bool(self.modes) == bool(self.no_orders):
            raise ValueError("no_orders: either modes, or why there are none")
        reads = read_complaints(self.reads, self.columns, self.derive, self.bus.table)
        for complaint in (*reads, *order_complaints(self.controls, self.modes, self.timer, self.refresh_s)):
            raise ValueError(complaint)
        return self


_SOURCED: Mapping[Mark, str] = {"S": "two sources", "L": "one source only", "C": "to be confirmed"}


def load(path: Path) -> Template:
    """Return the template in a file.

    Raises:
        InvalidTemplateError: it is no good; the sentence names file and key.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceOnly)  # noqa: S506  (a SafeLoader that refuses a key said twice)
        template = Template.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise InvalidTemplateError("; ".join(f"{path.name}: {_place(each['loc'])}{each['msg']}" for each in error.errors())) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise InvalidTemplateError(f"{path.name}: {error}") from error
    if template.id != path.stem:
        raise InvalidTemplateError(f"{path.name}: id: {template.id} is not the file's name")
    return template


def load_all(folder: Path = FOLDER) -> list[Template]:
    """Return every template, by name."""
    return [load(path) for path in sorted(folder.glob("*.yaml"))]


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
