"""The grid connection: buys and sells, never both at once."""

from dataclasses import dataclass, field
from math import inf

from pulp import LpProblem, LpVariable

from app.domain.asset import SOLAR
from app.domain.site import Coupling
from app.optimizer.course import Course
from app.optimizer.part import Bounds, Choice, Part, Ranges, Reach, Terms, as_chosen, either_or, total
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.slot_cost import ties
from app.optimizer.weights import OVER_LIMIT_PER_KWH


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPart(Part):
    """The connection's variables per slot, in kW; `importing` is the choice between buying and selling where one is needed."""

    import_kw: list[LpVariable] = field(default_factory=list)
    export_kw: list[LpVariable] = field(default_factory=list)
    importing: list[LpVariable | None] = field(default_factory=list)

    def as_in(self, found: Course) -> Ranges:
        """Buy or sell as the course does."""
        return {each.is_first: as_chosen(bool(found.import_kw[each.slot] > found.export_kw[each.slot])) for each in self.choices}


def could_cheat(slot: ProblemSlot) -> bool:
    """Tell whether buying and selling at once would pay in this slot."""
    return slot.priced.export_per_kwh > slot.priced.import_per_kwh


def add_grid(model: LpProblem, problem: Problem, reach: Reach) -> GridPart:
    """Add import and export per slot, limited by the connection; limits give way, with a penalty, only where they must."""
    part = GridPart()
    for t, (slot, moved, outside) in enumerate(zip(problem.slots, reach.beside(SOLAR), reach.outside(), strict=True)):
        hours = slot.hours
        bought, sold = most_import_kw(problem, slot, moved, outside), most_export_kw(problem, slot, moved, outside)
        imported = model.add_variable(f"import_{t}", least_import_kw(problem, slot, outside), bought)
        exported = model.add_variable(f"export_{t}", 0, sold)
        part.load_kw.append([(imported, -1.0), (exported, 1.0)])
        part.cost.extend([(imported, slot.priced.import_per_kwh * hours), (exported, -slot.priced.export_per_kwh * hours)])
        bought_tie, sold_tie = ties(problem, slot)
        part.ties.extend([(imported, bought_tie * hours), (exported, sold_tie * hours)])
        part.import_kw.append(imported)
        part.export_kw.append(exported)
        importing = either_or(model, f"importing_{t}", (imported, bought), (exported, sold)) if could_cheat(slot) else None
        part.importing.append(importing)
        if importing is not None:
            part.choices.append(Choice(slot=t, is_first=importing, first=imported, second=exported))
        _punish(model, part, f"over_import_limit_{t}", imported, excess_kw=bought - problem.site.grid.import_limit_kw, hours=hours)
        _punish(model, part, f"over_export_limit_{t}", exported, excess_kw=sold - problem.site.grid.export_limit_kw, hours=hours)
    return part


def least_import_kw(problem: Problem, slot: ProblemSlot, outside: Bounds) -> float:
    """Return what the house must buy in a slot, in kW: the load that a shared (DC-coupled) inverter cannot feed.

    `outside` is what the devices that are not behind that inverter can draw.
    """
    return max(0.0, slot.load_kw + outside.least_kw - through_inverter_kw(problem, slot))


def most_import_kw(problem: Problem, slot: ProblemSlot, moved: Bounds, outside: Bounds) -> float:
    """Return the most the house could want to buy in a slot, in kW.

    `moved` is what everything that moves can draw, `outside` the share of it that is not behind a shared inverter. The connection's limit
    counts, unless load alone exceeds it, or what may have to run beside it; and what a shared inverter can take beside the load.
    """
    site = problem.site
    is_shared = site.inverter.coupling is Coupling.DC
    sun = min(slot.solar_kw, site.inverter.ac_limit_kw) if is_shared and site.solar.curtailable else slot.solar_kw
    wanted = max(0.0, slot.load_kw - sun + moved.most_kw)
    passable = slot.load_kw + outside.most_kw + site.inverter.ac_limit_kw if is_shared else inf
    return min(wanted, passable, max(site.grid.import_limit_kw, slot.load_kw - sun + outside.most_kw))


def most_export_kw(problem: Problem, slot: ProblemSlot, moved: Bounds, outside: Bounds) -> float:
    """Return the most the house could sell in a slot, in kW.

    The connection's limit counts, unless sun that cannot be thrown away exceeds it; and what a shared inverter can give beyond the load.
    """
    site = problem.site
    forced = 0.0 if site.solar.curtailable else slot.solar_kw - slot.load_kw - outside.least_kw
    wanted = slot.solar_kw - slot.load_kw - moved.least_kw
    passable = through_inverter_kw(problem, slot) - slot.load_kw - outside.least_kw
    return min(max(0.0, min(wanted, passable)), max(site.grid.export_limit_kw, forced))


def through_inverter_kw(problem: Problem, slot: ProblemSlot) -> float:
    """Return the most that sun and battery can give together: what a shared inverter passes, or sun that it cannot throttle."""
    site = problem.site
    if site.inverter.coupling is not Coupling.DC:
        return inf
    return site.inverter.ac_limit_kw if site.solar.curtailable else max(site.inverter.ac_limit_kw, slot.solar_kw)


def keep_inverter(model: LpProblem, t: int, problem: Problem, shared: Terms) -> None:
    """Keep what flows through a shared inverter within its limit, where the grid's bounds cannot: some device is not behind it."""
    slot = problem.slots[t]
    model.addConstraint(total(shared) >= slot.solar_kw - through_inverter_kw(problem, slot), f"inverter_gives_{t}")
    model.addConstraint(total(shared) <= slot.solar_kw + problem.site.inverter.ac_limit_kw, f"inverter_takes_{t}")


def buy_for_use(model: LpProblem, t: int, part: GridPart, bus: Terms, slot: ProblemSlot) -> None:
    """Where the house either buys or sells, say that what it buys is used in the house.

    Implied by a whole choice, but without it half a choice could pass purchases straight on to the grid, and proofs would take seconds.
    """
    importing = part.importing[t]
    if importing is not None:
        draws = [(variable, -1.0) for variable, share in bus if share > 0 and variable is not part.export_kw[t]]
        bought = (part.import_kw[t], 1.0)
        model.addConstraint(total([bought, *draws, (importing, slot.solar_kw - slot.load_kw)]) <= 0, f"buys_for_use_{t}")


def _punish(model: LpProblem, part: GridPart, name: str, power_kw: LpVariable, *, excess_kw: float, hours: float) -> None:
    """Let a power exceed its limit, by as much as it may have to, with a penalty."""
    if excess_kw > 0:
        over = model.add_variable(name, 0, excess_kw)
        model.addConstraint(total([(power_kw, 1.0), (over, -1.0)]) <= float(power_kw.upBound) - excess_kw, f"keeps_{name}")
        part.penalty.append((over, OVER_LIMIT_PER_KWH * hours))
