"""The roof: its power is free, and may be thrown away where it can be throttled."""

from dataclasses import dataclass

from pulp import LpProblem, LpVariable

from app.optimizer.part import TIE_PER_KWH, Part
from app.optimizer.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarPart(Part):
    """What is thrown away per slot, in kW; None where nothing can be."""

    curtailed_kw: list[LpVariable | None]


def add_solar(model: LpProblem, problem: Problem) -> SolarPart:
    """Add the curtailed power per slot; the forecast itself stands on the house bus."""
    part = SolarPart(curtailed_kw=[])
    for t, slot in enumerate(problem.slots):
        if slot.solar_kw > 0 and problem.site.solar.curtailable:
            curtailed = model.add_variable(f"curtailed_{t}", 0, slot.solar_kw)
            part.load_kw.append([(curtailed, 1.0)])
            part.cost.append((curtailed, TIE_PER_KWH * slot.hours))
            part.curtailed_kw.append(curtailed)
        else:
            part.load_kw.append([])
            part.curtailed_kw.append(None)
    return part
