"""The way `modbus`: how a device listens on its bus, what it reads, what it can be told, and how sure all of that is."""

from collections.abc import Mapping
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from app.templates.coherence import mode_complaints, order_complaints, read_complaints
from app.templates.orders import PINNED, Control, ModeName, Step, Timer
from app.templates.reads import Column, Derived, Key, Mark, Read, Strict, Table
from app.templates.words import WordOrder

MEASURED = ("battery.soc", "battery.power")
"""What control is judged by: a doubt about one of these is a doubt about every command."""


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


class Modbus(Strict):
    """One device model on two wires."""

    port: str
    """Where the two wires go."""
    sources: tuple[str, ...] = Field(min_length=1)
    """Where all of this was read."""
    notes: tuple[str, ...] = ()
    connect: Connect
    bus: Bus
    reads: dict[Key, Read] = Field(default_factory=dict)
    columns: dict[Key, Column] = Field(default_factory=dict)
    derive: dict[Key, Derived] = Field(default_factory=dict)
    controls: dict[str, Control] = Field(default_factory=dict)
    refresh_s: int = Field(default=20, ge=5, le=600)
    modes: dict[ModeName, tuple[Step, ...]] = Field(default_factory=dict)
    lacks: dict[ModeName, str] = Field(default_factory=dict)
    """Why it cannot be told the other modes."""
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
        said = mode_complaints(self.modes, self.lacks, get_args(ModeName)) if self.modes else []
        for complaint in (*reads, *order_complaints(self.controls, self.modes, self.timer, self.refresh_s), *said):
            raise ValueError(complaint)
        return self


_SOURCED: Mapping[Mark, str] = {"S": "two sources", "L": "one source only", "C": "to be confirmed"}
