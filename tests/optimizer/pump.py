"""A device the optimizer has never heard of: a pump that may pause, but has to move so much water by a time. One file, one part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from pulp import LpVariable

from app.domain.asset import AssetId, AssetKind, Trace
from app.domain.plan import Violation
from app.optimizer.part import Bounds, Bus, DevicePart, Flexible, number, total
from app.optimizer.problem import Problem
from app.optimizer.tolerance import TOLERANCE_KW, TOLERANCE_KWH
from app.optimizer.worst import worst

PUMP = AssetId("pump")


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpPart(DevicePart):
    problem: Problem
    asset: AssetId
    powers: list[LpVariable]
    short: LpVariable

    def traces(self) -> tuple[Trace, ...]:
        found, pumped = list[Trace](), 0.0
        for power, slot in zip(self.powers, self.problem.slots, strict=True):
            kw = number(power)
            pumped += kw * slot.hours
            found.append(Trace(asset=self.asset, kind=AssetKind.RUN, draws_kw=kw, state={"pumped_kwh": pumped}))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump(Flexible):
    id: AssetId = PUMP
    kind: AssetKind = AssetKind.RUN
    needs_kwh: float
    by: datetime
    max_kw: float
    short_per_kwh: float = 10.0
    """Penalty for a kWh not pumped in time: above any price, below that of overloading the house."""

    def bounds(self, problem: Problem) -> Sequence[Bounds]:
        return [Bounds(least_kw=0.0, most_kw=kw) for kw in self.most_kw(problem)]

    def add(self, bus: Bus) -> PumpPart:
        powers = [bus.lp.add_variable(f"{self.id}_{t}", 0, kw) for t, kw in enumerate(self.most_kw(bus.problem))]
        short = bus.lp.add_variable(f"{self.id}_short", 0, self.needs_kwh)
        hours = [slot.hours for slot in bus.problem.slots]
        bus.lp.addConstraint(total([*zip(powers, hours, strict=True), (short, 1.0)]) >= self.needs_kwh, f"{self.id}_is_done")
        part = PumpPart(problem=bus.problem, asset=self.id, powers=powers, short=short)
        part.load_kw.extend([(power, 1.0)] for power in powers)
        part.penalty.append((short, self.short_per_kwh))
        return part

    def wrong(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[tuple[int, str]]:
        pumped = 0.0
        for t, (slot, trace, most_kw) in enumerate(zip(problem.slots, traces, self.most_kw(problem), strict=True)):
            pumped += trace.draws_kw * slot.hours
            if not (isfinite(trace.draws_kw) and -TOLERANCE_KW <= trace.draws_kw <= most_kw + TOLERANCE_KW) or trace.gives_kw:
                yield t, "the pump cannot run so"
            if not abs(trace.state["pumped_kwh"] - pumped) <= TOLERANCE_KWH:
                yield t, "the pump does not add up"

    def broken(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[Violation]:
        missing = self.needs_kwh - traces[-1].state["pumped_kwh"]
        yield from worst(
            f"{self.id}_needs", "kWh", problem, [missing if slot.priced.slot.end >= self.by else 0.0 for slot in problem.slots]
        )

    def most_kw(self, problem: Problem) -> Sequence[float]:
        return [self.max_kw if slot.priced.slot.end <= self.by else 0.0 for slot in problem.slots]
