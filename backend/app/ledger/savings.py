"""Totals of a period against each baseline: every slot at its own price, the change of charge valued once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.domain.ledger import BASELINES, Case, CaseSlot, Energies, SettledSlot, SlotStatus
from app.domain.plan import PlanSource
from app.domain.site import Battery
from app.domain.slot import Slot

FALLBACKS = frozenset({PlanSource.LAST_PLAN, PlanSource.RULES, PlanSource.SELF_USE})
LEAST_CYCLES = 1.0
"""A round trip measured over less than one whole cycle says more about where it began than about losses."""
VALUE_BASIS = "mean import price of the period's settled slots, times the discharge efficiency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One case over a period. Net is cash plus wear less what the battery holds more at the end than at the start."""

    case: Case
    import_kwh: float
    export_kwh: float
    charge_kwh: float
    discharge_kwh: float
    cost: float
    wear: float
    stored_change_kwh: float
    stored_change_value: float

    @property
    def net_cost(self) -> float:
        """Cash plus wear less the value of the change of charge."""
        return self.cost + self.wear - self.stored_change_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """Key figures of what really happened; None where there is nothing to divide by, or too little."""

    self_consumption: float | None
    """Share of the solar energy that was not sold."""
    self_sufficiency: float | None
    """1 less import over load; below 0 where energy was bought to be sold."""
    cycles: float | None
    """Energy discharged over the usable capacity."""
    round_trip: float | None
    """Energy out, with what is left in, over energy in: AC to AC."""
    fallback_hours: float
    """Hours in which a lower rung of the ladder decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much of a period is behind its totals, in hours."""

    settled_hours: float
    estimated_hours: float
    incomplete_hours: float
    unpriced_hours: float
    anomalies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """A period's totals: what was paid, what it would have been under each baseline, and how well that is known."""

    span: Slot
    actual: Total
    baselines: tuple[Total, ...]
    stored_value_per_kwh: float
    """What one kWh more at the end than at the start counts, see `VALUE_BASIS`."""
    kpis: Kpis
    count: Count

    def saved(self, case: Case) -> float:
        """Return how much less was paid than under a baseline, wear and change of charge included."""
        return next(each for each in self.baselines if each.case is case).net_cost - self.actual.net_cost


def total(slots: Sequence[SettledSlot], span: Slot, battery: Battery) -> Savings:
    """Return the totals of settled slots, oldest first; slots that do not count show only as hours."""
    counted = [slot for slot in slots if slot.status.counts]
    value = stored_value(counted, battery)
    change = stored_change(counted)
    return Savings(
        span=span,
        actual=_actual(counted, change, value),
        baselines=tuple(case_total(case, _cases(counted, case), value) for case in BASELINES),
        stored_value_per_kwh=value,
        kpis=_kpis(counted, change, battery),
        count=_count(slots),
    )


def stored_value(counted: Sequence[SettledSlot], battery: Battery) -> float:
    """Return what a stored kWh counts at the period's ends: what it saves buying on average."""
    hours = sum(slot.slot.hours for slot in counted)
    paid = sum((slot.import_per_kwh or 0.0) * slot.slot.hours for slot in counted)
    return paid / hours * battery.discharge_efficiency if hours else 0.0


def stored_change(counted: Sequence[SettledSlot]) -> float:
    """Return how much more the battery held at the end than at the start, leaving out what moved while nothing was settled."""
    return sum(_run_change(run) for run in _runs(counted))


def case_total(case: Case, slots: Sequence[CaseSlot], value_per_kwh: float) -> Total:
    """Return the sums of a simulated case."""
    change = sum(each.stored_end_kwh - each.stored_start_kwh for each in slots)
    return Total(
        case=case,
        import_kwh=sum(each.import_kwh for each in slots),
        export_kwh=sum(each.export_kwh for each in slots),
        charge_kwh=sum(each.charge_kwh for each in slots),
        discharge_kwh=sum(each.discharge_kwh for each in slots),
        cost=sum(each.cost for each in slots),
        wear=sum(each.wear for each in slots),
        stored_change_kwh=change,
        stored_change_value=change * value_per_kwh,
    )


def _actual(counted: Sequence[SettledSlot], change_kwh: float, value_per_kwh: float) -> Total:
    return Total(
        case=Case.ACTUAL,
        import_kwh=_energy(counted, lambda each: each.import_kwh),
        export_kwh=_energy(counted, lambda each: each.export_kwh),
        charge_kwh=_energy(counted, lambda each: each.charge_kwh),
        discharge_kwh=_energy(counted, lambda each: each.discharge_kwh),
        cost=sum(slot.cost or 0.0 for slot in counted),
        wear=sum(slot.wear or 0.0 for slot in counted),
        stored_change_kwh=change_kwh,
        stored_change_value=change_kwh * value_per_kwh,
    )


def _kpis(counted: Sequence[SettledSlot], change_kwh: float, battery: Battery) -> Kpis:
    solar, load = _energy(counted, lambda each: each.solar_kwh), _energy(counted, lambda each: each.load_kwh)
    sold_sun = sum(slot.flows.solar_to_grid_kwh for slot in counted if slot.flows is not None)
    drawn, charged = _energy(counted, lambda each: each.discharge_kwh), _energy(counted, lambda each: each.charge_kwh)
    usable = battery.top_kwh - battery.reserve_kwh
    cycles = drawn / usable if usable > 0 else None
    whole = cycles is not None and cycles >= LEAST_CYCLES and charged > 0
    return Kpis(
        self_consumption=(solar - sold_sun) / solar if solar > 0 else None,
        self_sufficiency=1 - _energy(counted, lambda each: each.import_kwh) / load if load > 0 else None,
        cycles=cycles,
        round_trip=(drawn + change_kwh * battery.discharge_efficiency) / charged if whole else None,
        fallback_hours=sum(slot.slot.hours for slot in counted if slot.plan_source in FALLBACKS),
    )


def _count(slots: Sequence[SettledSlot]) -> Count:
    hours = {status: sum(slot.slot.hours for slot in slots if slot.status is status) for status in SlotStatus}
    return Count(
        settled_hours=hours[SlotStatus.SETTLED],
        estimated_hours=hours[SlotStatus.ESTIMATED],
        incomplete_hours=hours[SlotStatus.INCOMPLETE],
        unpriced_hours=hours[SlotStatus.UNPRICED],
        anomalies=sum(slot.anomaly is not None for slot in slots),
    )


def _cases(counted: Sequence[SettledSlot], case: Case) -> list[CaseSlot]:
    return [found for slot in counted if (found := slot.baseline(case)) is not None]


def _energy(counted: Sequence[SettledSlot], which: Callable[[Energies], float]) -> float:
    return sum(which(slot.energies) for slot in counted if slot.energies is not None)


def _runs(counted: Sequence[SettledSlot]) -> list[list[SettledSlot]]:
    """Return the slots in runs without a gap, of one battery each."""
    runs = [[slot] for slot in counted[:1]]
    for before, slot in pairwise(counted):
        if slot.slot.start == before.slot.end and slot.capacity_kwh == before.capacity_kwh:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return runs


def _run_change(run: Sequence[SettledSlot]) -> float:
    """Return the change between the first and the last charge known in a run."""
    known = [kwh for slot in run for kwh in (slot.stored_start_kwh, slot.stored_end_kwh) if kwh is not None]
    return known[-1] - known[0] if known else 0.0
