"""The roof: its power is free, and may be thrown away where it can be throttled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite

from pulp import LpVariable

from app.domain.asset import SOLAR, AssetId, AssetKind, Trace
from app.domain.plan import CURTAILED_KW, solar_trace
from app.domain.site import Coupling
from app.optimizer.course import Course
from app.optimizer.part import Bounds, Bus, Choice, DevicePart, Flexible, Ranges, as_chosen, either_or, number, total
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.tolerance import TOLERANCE_KW
from app.optimizer.weights import TIE_PER_KWH


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarPart(DevicePart):
    """What is thrown away per slot, in kW; None where nothing can be."""

    solar_kw: tuple[float, ...]
    curtailed_kw: list[LpVariable | None]
    beyond_kw: dict[int, float] = field(default_factory=dict)
    """Per slot in which throttling could pay, what a shared inverter cannot pass whatever is done."""
    sells_first: dict[int, tuple[LpVariable, float]] = field(default_factory=dict)
    """Per such slot what is sold, and how much of that there must be before more is thrown away."""

    def is_open(self) -> bool:
        """Tell whether sun is thrown away though something is bought, or more could be sold."""
        return any(self._spills_early(choice) for choice in self.choices)

    def _spills_early(self, choice: Choice) -> bool:
        (sold, full_kw), beyond_kw = self.sells_first[choice.slot], self.beyond_kw[choice.slot]
        spills = number(choice.first) > beyond_kw + TOLERANCE_KW
        return spills and (number(choice.second) > TOLERANCE_KW or number(sold) < full_kw - TOLERANCE_KW)

    def traces(self) -> tuple[Trace, ...]:
        """Return what the array makes and throws away."""
        found = zip(self.solar_kw, self.curtailed_kw, strict=True)
        return tuple(solar_trace(solar_kw=kw, curtailed_kw=number(curtailed)) for kw, curtailed in found)

    def as_in(self, found: Course) -> Ranges:
        """Throttle it where the course does."""
        return {each.is_first: as_chosen(self._throttles(found, each.slot)) for each in self.choices}

    def _throttles(self, found: Course, t: int) -> bool:
        return bool(found.curtailed_kw[t] > self.beyond_kw[t] + TOLERANCE_KW)

    def carry_out(self, kw: float) -> None:
        """Fix what is thrown away in the first slot: what shines and is not given. The power drawn, in kW, is never above 0."""
        curtailed = self.curtailed_kw[0]
        if curtailed is not None:
            curtailed.lowBound = curtailed.upBound = min(self.solar_kw[0], max(0.0, self.solar_kw[0] + kw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Array(Flexible):
    """The roof of a problem's house."""

    id: AssetId = SOLAR
    kind: AssetKind = AssetKind.SOLAR
    is_shared: bool = True

    def bounds(self, problem: Problem) -> Sequence[Bounds]:
        """Return what it gives: all that shines, or less where it can be throttled."""
        throttled = problem.site.solar.curtailable
        return [Bounds(least_kw=-slot.solar_kw, most_kw=0.0 if throttled else -slot.solar_kw) for slot in problem.slots]

    def add(self, bus: Bus) -> SolarPart:
        """Add the curtailed power per slot; the forecast itself stands on the house bus."""
        problem = bus.problem
        part = SolarPart(solar_kw=tuple(slot.solar_kw for slot in problem.slots), curtailed_kw=[])
        for t, slot in enumerate(problem.slots):
            if slot.solar_kw > 0 and problem.site.solar.curtailable:
                curtailed = bus.lp.add_variable(f"curtailed_{t}", 0, slot.solar_kw)
                part.load_kw.append([(curtailed, 1.0)])
                part.ties.append((curtailed, TIE_PER_KWH * slot.hours))
                part.curtailed_kw.append(curtailed)
                if could_throttle(slot):
                    _keep_to_orders(bus, t, part, curtailed)
            else:
                part.load_kw.append([])
                part.curtailed_kw.append(None)
        return part

    def wrong(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[tuple[int, str]]:
        """Yield where it throws away more than shines, or less than nothing."""
        for t, (slot, trace) in enumerate(zip(problem.slots, traces, strict=True)):
            curtailed = trace.state[CURTAILED_KW]
            if not (isfinite(curtailed) and isfinite(trace.gives_kw)):
                yield t, "a power is not a number"
            if curtailed < 0:
                yield t, "a power is negative"
            if curtailed > slot.solar_kw + TOLERANCE_KW:
                yield t, "it curtails more than there is"
            if not abs(slot.solar_kw - curtailed + trace.power_kw) <= TOLERANCE_KW or trace.cost:
                yield t, "the array does not add up"


def could_throttle(slot: ProblemSlot) -> bool:
    """Tell whether throwing sun away could pay in a slot, though house or grid would take it."""
    return min(slot.priced.import_per_kwh, slot.priced.export_per_kwh) < 0


def _keep_to_orders(bus: Bus, t: int, part: SolarPart, curtailed: LpVariable) -> None:
    """Let the array be throttled only as an inverter does it: what neither house nor battery takes and the grid may not.

    So nothing is bought meanwhile, and as much is sold as may be: nothing where it can be told so, what the connection carries where not.
    What a shared inverter cannot pass is thrown away whatever else is done.
    """
    problem, slot = bus.problem, bus.problem.slots[t]
    bought, sold = bus.import_kw[t], bus.export_kw[t]
    limit_kw = problem.site.inverter.ac_limit_kw if problem.site.inverter.coupling is Coupling.DC else inf
    beyond_kw = max(0.0, slot.solar_kw - limit_kw)
    full_kw = min(problem.most_sold_kw(slot), max(0.0, limit_kw - slot.load_kw))
    part.beyond_kw[t] = beyond_kw
    most_kw = max(0.0, slot.solar_kw - beyond_kw - slot.load_kw - full_kw)
    throttled = either_or(bus.lp, f"throttled_{t}", (curtailed, most_kw), (bought, float(bought.upBound)), spared=beyond_kw)
    bus.lp.addConstraint(total([(sold, 1.0), (throttled, -full_kw)]) >= 0, f"sells_before_throttling_{t}")
    part.sells_first[t] = (sold, full_kw)
    part.choices.append(Choice(slot=t, is_first=throttled, first=curtailed, second=bought))
