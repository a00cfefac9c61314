"""The shape of a plan's parts: a device is complete in one file, from what it can do to the proof of what it is planned to do."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pulp import LpAffineExpression, LpProblem, LpVariable

from app.domain.asset import Asset, AssetId, Trace
from app.domain.plan import Violation
from app.optimizer.course import Course
from app.optimizer.problem import Problem
from app.optimizer.tolerance import TOLERANCE_KW

type Terms = list[tuple[LpVariable, float]]
"""A linear expression: variables with their factors."""
type Ranges = dict[LpVariable, tuple[float, float]]
"""Variables with the least and the most they may be."""

total = LpAffineExpression.from_list
"""The sum of terms, ready to be compared."""

DUST = 1e-9
"""What a solver leaves where it means 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least and the most power in kW that a device can draw from the house bus in a slot; below 0 it gives."""

    least_kw: float
    most_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How little and how much every device can draw, slot by slot."""

    slots: int
    bounds: Mapping[AssetId, Sequence[Bounds]]
    shared: frozenset[AssetId]
    """Those behind the shared inverter, where there is one."""

    def beside(self, *left_out: AssetId) -> Sequence[Bounds]:
        """Return what all devices but some can draw together, slot by slot."""
        kept = [each for asset, each in self.bounds.items() if asset not in left_out]
        if len(kept) == 1:
            return kept[0]
        return [_together([each[t] for each in kept]) for t in range(self.slots)]

    def outside(self) -> Sequence[Bounds]:
        """Return what the devices that are not behind the shared inverter can draw together, slot by slot."""
        return self.beside(*self.shared)


def _together(each: Sequence[Bounds]) -> Bounds:
    return Bounds(least_kw=sum(one.least_kw for one in each), most_kw=sum(one.most_kw for one in each)) if each else NOTHING


NOTHING = Bounds(least_kw=0.0, most_kw=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Two powers of which only one can flow in a slot."""

    slot: int
    is_first: LpVariable
    """1 where the first may flow, 0 where the second."""
    first: LpVariable
    second: LpVariable

    @property
    def is_open(self) -> bool:
        """Whether both flow, so that it has to be chosen."""
        return min(number(self.first), number(self.second)) > TOLERANCE_KW


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """What a device finds when it joins the model."""

    lp: LpProblem
    problem: Problem
    reach: Reach
    import_kw: Sequence[LpVariable]
    export_kw: Sequence[LpVariable]
    importing: Sequence[LpVariable | None]
    """Per slot the choice between buying and selling, where there has to be one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands in the model for the grid or a device.

    Its variables are never negative: what draws and what gives are two, or what the house buys could not be told from what it passes on.
    """

    load_kw: list[Terms] = field(default_factory=list)
    """Per slot the draw from the house bus in kW (negative: it feeds)."""
    cost: Terms = field(default_factory=list)
    """In yardsticks."""
    penalty: Terms = field(default_factory=list)
    """What a limit that gives way costs on top, in yardsticks nobody pays."""
    ties: Terms = field(default_factory=list)
    """What orders plans that cost the same, so little that it counts for nothing."""
    directions: list[tuple[LpVariable, LpVariable]] = field(default_factory=list)
    """Per slot two powers of which only one can flow; empty for what knows one direction."""
    choices: list[Choice] = field(default_factory=list)
    """Where going both ways could pay."""

    def is_open(self) -> bool:
        """Tell whether something has to be chosen in the solution at hand."""
        return any(choice.is_open for choice in self.choices)

    def as_in(self, found: Course) -> Ranges:  # noqa: ARG002 - a device with choices says what it takes from a course
        """Return the bounds of variables that keep to what a course chose."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePart(Part, ABC):
    """A device in the model, which tells what it does once that is solved."""

    @abstractmethod
    def traces(self) -> tuple[Trace, ...]:
        """Return what it does, slot by slot, rebuilt from its powers so that it adds up exactly."""

    def left(self, traces: Sequence[Trace]) -> float:  # noqa: ARG002 - most devices end with nothing that is worth anything
        """Return what it holds at the end is worth, in yardsticks."""
        return 0.0

    def carry_out(self, kw: float) -> None:
        """Fix the first slot at a power in kW, drawing positive, that is decided already."""
        for variable, share in self.load_kw[0]:
            variable.lowBound = variable.upBound = max(0.0, kw * share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flexible(Asset, ABC):
    """A device as the planner needs it: one class and one line in the list of parts."""

    is_shared: bool = False
    """Whether it sits behind the inverter that battery and array share, where they do."""

    def in_yardsticks(self, scale: float) -> Self:  # noqa: ARG002 - most wishes name no money
        """Return the same device with the money of its wishes divided by what a yardstick is."""
        return self

    @abstractmethod
    def bounds(self, problem: Problem) -> Sequence[Bounds]:
        """Return how little and how much it can draw in each slot."""

    @abstractmethod
    def add(self, bus: Bus) -> DevicePart:
        """Add its variables and limits to the model; return its part."""

    @abstractmethod
    def wrong(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[tuple[int, str]]:
        """Yield what cannot be in its traces: the slot's number, and a complaint. The solver's word is not taken."""

    def broken(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[Violation]:  # noqa: ARG002 - most have no wish to break
        """Yield which of its wishes gave way."""
        return iter(())


def number(variable: LpVariable | None) -> float:
    """Return a variable's value without the solver's dust: 0 where it means 0, and where there is none."""
    if variable is None:
        return 0.0
    value = float(variable.varValue or 0.0)
    return value if abs(value) > DUST else 0.0


def either_or(
    lp: LpProblem, name: str, one: tuple[LpVariable, float], other: tuple[LpVariable, float], *, spared: float = 0.0
) -> LpVariable:
    """Add the choice between two powers, each given with the most it can be in kW; the choice is 1 where the first may flow.

    What is `spared` of the first may flow in any case.
    """
    (first, most_first), (second, most_second) = one, other
    choice = lp.add_variable(name, cat="Binary")
    lp.addConstraint(total([(first, 1.0), (choice, -most_first)]) <= spared, f"{name}_or_not")
    lp.addConstraint(total([(second, 1.0), (choice, most_second)]) <= most_second, f"{name}_or_other")
    return choice


def as_chosen(is_first: bool) -> tuple[float, float]:  # noqa: FBT001 - a choice
    """Return the bounds of a choice that is made."""
    return (1.0, 1.0) if is_first else (0.0, 0.0)
