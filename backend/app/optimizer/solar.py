"""The roof: its power is free, and may be thrown away where it can be throttled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from pulp import LpVariable

from app.domain.asset import SOLAR, AssetId, AssetKind, Trace
from app.domain.plan import CURTAILED_KW, solar_trace
from app.optimizer.part import TIE_PER_KWH, Bounds, Bus, DevicePart, Flexible, number
from app.optimizer.problem import Problem
from app.optimizer.tolerance import TOLERANCE_KW


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarPart(DevicePart):
    """What is thrown away per slot, in kW; None where nothing can be."""

    solar_kw: tuple[float, ...]
    curtailed_kw: list[LpVariable | None]

    def traces(self) -> tuple[Trace, ...]:
        """Return what the array makes and throws away."""
        found = zip(self.solar_kw, self.curtailed_kw, strict=True)
        return tuple(solar_trace(solar_kw=kw, curtailed_kw=number(curtailed)) for kw, curtailed in found)

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
                part.cost.append((curtailed, TIE_PER_KWH * slot.hours))
                part.curtailed_kw.append(curtailed)
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
