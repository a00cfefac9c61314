"""Perfect foresight: what nobody can beat who knows every price, load and ray of sun beforehand.

Two bounds. `at_once` lets the house buy and sell in the same moment, as a plain linear program does and as published comparisons do: where
selling pays more than buying it then earns money from nothing, so no house can reach it. The honest one forbids that, by an either-or in
every slot where it would pay. Both let the array be throttled at will and know no inverter limit, so no mode can ever do better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp import HiGHS, LpProblem, LpVariable

from app.domain.errors import InfeasibleError
from app.domain.site import Site
from app.optimizer.part import Terms, total

GAP = 1e-4
"""The search ends when the best plan found and the proof are this close; the bound is the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One slot with everything known: prices per kWh, mean powers in kW."""

    hours: float
    import_per_kwh: float
    export_per_kwh: float
    load_kw: float
    solar_kw: float

    @property
    def tempts(self) -> bool:
        """Whether buying and selling, or charging and discharging, at once could pay."""
        return self.export_per_kwh >= self.import_per_kwh or self.import_per_kwh < 0


def bound(site: Site, slots: Sequence[Known], *, start_kwh: float, at_once: bool, time_limit_s: float = 600.0) -> float:
    """Return what the slots cost at least, wear included, whatever is left in the battery at the end.

    Raises:
        InfeasibleError: nothing was proved in time.
    """
    model = LpProblem("foresight")
    cost: Terms = []
    before: LpVariable | None = None
    for t, slot in enumerate(slots):
        powers, costs = _slot(model, site, slot, t)
        stored = model.add_variable(f"stored_{t}", min(site.battery.reserve_kwh, start_kwh), max(site.battery.top_kwh, start_kwh))
        _storage(model, site, slot, powers, (before, stored, start_kwh), t=t)
        if slot.tempts and not at_once:
            _either_or(model, powers, t)
        cost += costs
        before = stored
    model.setObjective(total(cost))
    stats = model.solve(HiGHS(msg=False, threads=1, timeLimit=time_limit_s, gapRel=GAP, random_seed=1))
    if not stats.has_solution:
        raise InfeasibleError(f"no perfect plan was proved: {stats.status.name}")
    return float(model.objective.value()) if stats.best_bound is None else float(stats.best_bound)


@dataclass(frozen=True, slots=True)
class _Powers:
    """A slot's variables in kW."""

    bought: LpVariable
    sold: LpVariable
    charge: LpVariable
    discharge: LpVariable


def _slot(model: LpProblem, site: Site, slot: Known, t: int) -> tuple[_Powers, Terms]:
    """Add a slot's powers, on one bus, and return them with what they cost."""
    short = slot.load_kw - slot.solar_kw
    powers = _Powers(
        bought=model.add_variable(f"bought_{t}", 0, max(site.grid.import_limit_kw, short)),
        sold=model.add_variable(
            f"sold_{t}", 0, site.grid.export_limit_kw if site.solar.curtailable else max(site.grid.export_limit_kw, -short)
        ),
        charge=model.add_variable(f"charge_{t}", 0, site.max_charge_kw),
        discharge=model.add_variable(f"discharge_{t}", 0, site.max_discharge_kw),
    )
    thrown = model.add_variable(f"thrown_{t}", 0, slot.solar_kw if site.solar.curtailable else 0.0)
    bus = [(powers.bought, 1.0), (powers.sold, -1.0), (powers.charge, -1.0), (powers.discharge, 1.0), (thrown, -1.0)]
    model.addConstraint(total(bus) == short, f"balances_{t}")
    hours = slot.hours
    return powers, [
        (powers.bought, hours * slot.import_per_kwh),
        (powers.sold, -hours * slot.export_per_kwh),
        (powers.discharge, hours * site.battery.wear_per_kwh),
    ]


def _storage(
    model: LpProblem, site: Site, slot: Known, powers: _Powers, stored: tuple[LpVariable | None, LpVariable, float], *, t: int
) -> None:
    """Carry the charge from slot to slot."""
    before, after, start_kwh = stored
    terms: Terms = [
        (after, 1.0),
        (powers.charge, -slot.hours * site.battery.charge_efficiency),
        (powers.discharge, slot.hours / site.battery.discharge_efficiency),
    ]
    if before is not None:
        terms.append((before, -1.0))
    model.addConstraint(total(terms) == (start_kwh if before is None else 0.0), f"stores_{t}")


def _either_or(model: LpProblem, powers: _Powers, t: int) -> None:
    """Let the house buy or sell, and the battery take or give, never both."""
    for name, one, other in (("grid", powers.bought, powers.sold), ("battery", powers.charge, powers.discharge)):
        first = model.add_variable(f"{name}_first_{t}", cat="Binary")
        model.addConstraint(total([(one, 1.0), (first, -float(one.upBound))]) <= 0, f"{name}_one_{t}")
        model.addConstraint(total([(other, 1.0), (first, float(other.upBound))]) <= float(other.upBound), f"{name}_other_{t}")
