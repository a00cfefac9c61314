"""The grid connection: buys and sells, never both at once."""

from dataclasses import dataclass

from pulp import LpProblem, LpVariable, lpSum_vars_coefs

from app.domain.site import Coupling
from app.optimizer.part import Part, Terms
from app.optimizer.problem import Problem, ProblemSlot

OVER_LIMIT_PER_KWH = 100.0
"""Penalty for a kWh above what the connection may carry: above any price, so only a load that cannot be met otherwise pays it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPart(Part):
    """The connection's variables per slot, in kW; `importing` is the either-or where one is needed."""

    import_kw: list[LpVariable]
    export_kw: list[LpVariable]
    importing: list[LpVariable | None]


def could_cheat(slot: ProblemSlot) -> bool:
    """Tell whether buying and selling at once would pay in this slot."""
    return slot.priced.export_per_kwh > slot.priced.import_per_kwh


def add_grid(model: LpProblem, problem: Problem) -> GridPart:
    """Add import and export per slot, limited by the connection; limits give way, with a penalty, only where they must."""
    part = GridPart(load_kw=[], import_kw=[], export_kw=[], importing=[])
    for t, slot in enumerate(problem.slots):
        hours, bought, sold = slot.hours, most_import_kw(problem, slot), most_export_kw(problem, slot)
        imported = model.add_variable(f"import_{t}", 0, bought)
        exported = model.add_variable(f"export_{t}", 0, sold)
        draw: Terms = [(imported, -1.0), (exported, 1.0)]
        part.cost.append((imported, slot.priced.import_per_kwh * hours))
        part.cost.append((exported, -slot.priced.export_per_kwh * hours))
        part.load_kw.append(draw)
        part.import_kw.append(imported)
        part.export_kw.append(exported)
        part.importing.append(_either_or(model, t, (imported, bought), (exported, sold)) if could_cheat(slot) else None)
        _punish(model, part, f"over_import_limit_{t}", imported, excess_kw=bought - problem.site.grid.import_limit_kw, hours=hours)
        _punish(model, part, f"over_export_limit_{t}", exported, excess_kw=sold - problem.site.grid.export_limit_kw, hours=hours)
    return part


def most_import_kw(problem: Problem, slot: ProblemSlot) -> float:
    """Return the most the house could want to buy in a slot, in kW; only when paid to does it buy what the sun would give.

    The connection's limit counts, unless load alone exceeds it.
    """
    site = problem.site
    shares_inverter = site.inverter.coupling is Coupling.DC and site.solar.curtailable
    sun = min(slot.solar_kw, site.inverter.ac_limit_kw) if shares_inverter else slot.solar_kw
    wanted = max(0.0, slot.load_kw - (0.0 if slot.priced.import_per_kwh < 0 else sun) + site.max_charge_kw)
    return min(wanted, max(site.grid.import_limit_kw, slot.load_kw - sun))


def most_export_kw(problem: Problem, slot: ProblemSlot) -> float:
    """Return the most the house could sell in a slot, in kW; the limit counts, unless sun that cannot be thrown away exceeds it."""
    site = problem.site
    forced = 0.0 if site.solar.curtailable else slot.solar_kw - slot.load_kw
    wanted = max(0.0, slot.solar_kw - slot.load_kw + site.max_discharge_kw)
    return min(wanted, max(site.grid.export_limit_kw, forced))


def _either_or(model: LpProblem, t: int, buying: tuple[LpVariable, float], selling: tuple[LpVariable, float]) -> LpVariable:
    """Add the choice between buying and selling; each is given with the most it can be, in kW."""
    (imported, bought), (exported, sold) = buying, selling
    importing = model.add_variable(f"importing_{t}", cat="Binary")
    model += lpSum_vars_coefs([(imported, 1.0), (importing, -bought)]) <= 0, f"imports_or_not_{t}"
    model += lpSum_vars_coefs([(exported, 1.0), (importing, sold)]) <= sold, f"exports_or_not_{t}"
    return importing


def buy_for_use(model: LpProblem, t: int, part: GridPart, bus: Terms, slot: ProblemSlot) -> None:
    """Where the house either buys or sells, say that what it buys is used in the house.

    Implied by a whole choice, but without it half a choice could pass purchases straight on to the grid, and proofs would take seconds.
    """
    importing = part.importing[t]
    if importing is not None:
        draws = [(variable, -1.0) for variable, share in bus if share > 0 and variable is not part.export_kw[t]]
        bought = (part.import_kw[t], 1.0)
        model += lpSum_vars_coefs([bought, *draws, (importing, slot.solar_kw - slot.load_kw)]) <= 0, f"buys_for_use_{t}"


def _punish(model: LpProblem, part: GridPart, name: str, power_kw: LpVariable, *, excess_kw: float, hours: float) -> None:
    """Let a power exceed its limit, by as much as it may have to, with a penalty."""
    if excess_kw > 0:
        over = model.add_variable(name, 0, excess_kw)
        model += lpSum_vars_coefs([(power_kw, 1.0), (over, -1.0)]) <= float(power_kw.upBound) - excess_kw, f"keeps_{name}"
        part.penalty.append((over, OVER_LIMIT_PER_KWH * hours))
