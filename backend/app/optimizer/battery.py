"""The battery: stores with losses and wear, never charges and discharges at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from pulp import LpConstraint, LpVariable

from app.domain.asset import BATTERY, SOLAR, AssetId, AssetKind, Trace
from app.domain.house import available_kw, room_kw, stored_after
from app.domain.plan import STORED_KWH, Violation, battery_trace
from app.domain.site import Mode
from app.optimizer.part import TIE_PER_KWH, Bounds, Bus, DevicePart, Flexible, Terms, either_or, number, total
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.tolerance import TOLERANCE_KW, TOLERANCE_KWH
from app.optimizer.worst import worst

BELOW_RESERVE_PER_KWH_HOUR = 1.0
"""Penalty in yardsticks for each kWh missing below the reserve, per hour: dearer than usual prices, so a reserve is restored at once."""
ABOVE_LIMIT_PER_KWH_HOUR = 0.001
"""Penalty in yardsticks above the wished limit: resting too full wears a little; it is no reason to sell at a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryPart(DevicePart):
    """The battery's variables per slot: powers in kW on the AC side, stored energy at the slot's end in kWh."""

    problem: Problem
    charge_kw: list[LpVariable]
    discharge_kw: list[LpVariable]
    stored_kwh: list[LpVariable]
    stores: list[LpConstraint]
    """The balances whose duals are the value of one more stored kWh at the end of the slot."""

    def traces(self) -> tuple[Trace, ...]:
        """Return what it does, its charge followed from slot to slot."""
        found: list[Trace] = []
        stored = self.problem.start_kwh
        for t in range(len(self.problem.slots)):
            found.append(self._trace(t, stored))
            stored = found[-1].state[STORED_KWH]
        return tuple(found)

    def left(self, traces: Sequence[Trace]) -> float:
        """Return what is stored at the end is worth."""
        return traces[-1].state[STORED_KWH] * self.problem.end_value_per_kwh

    def _trace(self, t: int, stored_kwh: float) -> Trace:
        """Return one slot rebuilt from the powers, so that storage closes exactly."""
        site, hours = self.problem.site, self.problem.slots[t].hours
        charge, discharge = _net(number(self.charge_kw[t]), number(self.discharge_kw[t]))
        after_kwh = float(stored_after(site.battery, stored_kwh, charge, discharge, hours))
        if not 0.0 <= after_kwh <= site.battery.capacity_kwh:
            charge = min(charge, float(room_kw(site, stored_kwh, hours, up_to_kwh=site.battery.capacity_kwh)))
            discharge = min(discharge, float(available_kw(site, stored_kwh, hours, down_to_kwh=0.0)))
            after_kwh = float(stored_after(site.battery, stored_kwh, charge, discharge, hours))
        return battery_trace(
            charge_kw=charge,
            discharge_kw=discharge,
            stored_kwh=after_kwh,
            stored_kwh_value=-float(self.stores[t].pi or 0.0),
            cost=discharge * site.battery.wear_per_kwh * hours,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MainBattery(Flexible):
    """The battery of a problem's house."""

    id: AssetId = BATTERY
    kind: AssetKind = AssetKind.BATTERY
    is_shared: bool = True

    def bounds(self, problem: Problem) -> Sequence[Bounds]:
        """Return full power either way."""
        return [Bounds(least_kw=-problem.site.max_discharge_kw, most_kw=problem.site.max_charge_kw)] * len(problem.slots)

    def add(self, bus: Bus) -> BatteryPart:
        """Add charge, discharge and stored energy per slot, with wear, losses, limits and the value of what is left at the end."""
        problem = bus.problem
        battery, slots, others = problem.site.battery, range(len(problem.slots)), bus.reach.beside(BATTERY, SOLAR)
        low_kwh, high_kwh = min(battery.reserve_kwh, problem.start_kwh), max(battery.top_kwh, problem.start_kwh)
        part = BatteryPart(
            problem=problem,
            charge_kw=bus.lp.add_variable_matrix("charge", slots, 0, problem.site.max_charge_kw),
            discharge_kw=bus.lp.add_variable_matrix("discharge", slots, 0, problem.site.max_discharge_kw),
            stored_kwh=bus.lp.add_variable_matrix("stored", slots, low_kwh, high_kwh),
            stores=[],
        )
        for t, slot in enumerate(problem.slots):
            charge, discharge, hours = part.charge_kw[t], part.discharge_kw[t], slot.hours
            if Mode.FORCE_CHARGE not in problem.site.inverter.modes:
                charge.upBound = _most(slot.solar_kw - slot.load_kw, problem.site.max_charge_kw)  # no other mode charges from the grid
            late = TIE_PER_KWH * (t + 1) / len(slots) * hours
            part.load_kw.append([(charge, 1.0), (discharge, -1.0)])
            part.directions.append((charge, discharge))
            part.cost.extend([(charge, late), (discharge, battery.wear_per_kwh * hours + late)])
            part.stores.append(_store(bus, t, part))
            _keep_direction(bus, t, part, others[t])
            _keep_limits(bus, t, part)
        part.cost.append((part.stored_kwh[-1], -problem.end_value_per_kwh))
        return part

    def wrong(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[tuple[int, str]]:
        """Yield where it is too fast, does both at once, or its charge does not follow from its powers."""
        stored = problem.start_kwh
        for t, (slot, trace) in enumerate(zip(problem.slots, traces, strict=True)):
            yield from ((t, complaint) for complaint in _wrong(problem, slot, trace, stored))
            stored = trace.state[STORED_KWH]

    def broken(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[Violation]:
        """Yield where it falls below its reserve or rises above its limit."""
        battery, stored = problem.site.battery, [trace.state[STORED_KWH] for trace in traces]
        yield from worst("reserve", "kWh", problem, [battery.reserve_kwh - kwh for kwh in stored])
        yield from worst("limit", "kWh", problem, [kwh - battery.top_kwh for kwh in stored])


def _wrong(problem: Problem, slot: ProblemSlot, trace: Trace, stored_kwh: float) -> Iterator[str]:
    site, battery, after_kwh = problem.site, problem.site.battery, trace.state[STORED_KWH]
    takes, gives, hours = trace.draws_kw, trace.gives_kw, slot.hours
    stores = (takes * battery.charge_efficiency - gives / battery.discharge_efficiency) * hours
    if not (isfinite(takes) and isfinite(gives)):
        yield "a power is not a number"
    if min(takes, gives) < 0:
        yield "a power is negative"
    if not abs(stored_kwh + stores - after_kwh) <= TOLERANCE_KWH:
        yield "the battery does not add up"
    if min(takes, gives) > TOLERANCE_KW:
        yield "it charges and discharges at once"
    if takes > site.max_charge_kw + TOLERANCE_KW:
        yield "it charges too fast"
    if gives > site.max_discharge_kw + TOLERANCE_KW:
        yield "it discharges too fast"
    if not after_kwh >= -TOLERANCE_KWH:
        yield "the battery is emptier than empty"
    if not after_kwh <= battery.capacity_kwh + TOLERANCE_KWH:
        yield "the battery is fuller than full"
    if not abs(trace.cost - gives * hours * battery.wear_per_kwh) <= TOLERANCE_KWH:
        yield "its wear does not add up"


def _net(charge_kw: float, discharge_kw: float) -> tuple[float, float]:
    """Drop what a solver's tolerance leaves in the other direction."""
    return (charge_kw, 0.0) if charge_kw >= discharge_kw else (0.0, discharge_kw)


def could_cheat(problem: Problem, slot: ProblemSlot) -> bool:
    """Tell whether charging and discharging at once, to burn energy one is paid to take, would pay in this slot."""
    battery, price = problem.site.battery, slot.priced
    least = price.import_per_kwh if problem.site.solar.curtailable else min(price.import_per_kwh, price.export_per_kwh)
    burnt = 1 - battery.round_trip
    return -least * burnt > battery.wear_per_kwh * battery.round_trip


def _store(bus: Bus, t: int, part: BatteryPart) -> LpConstraint:
    problem = bus.problem
    battery, hours = problem.site.battery, problem.slots[t].hours
    terms: Terms = [
        (part.stored_kwh[t], 1.0),
        (part.charge_kw[t], -hours * battery.charge_efficiency),
        (part.discharge_kw[t], hours / battery.discharge_efficiency),
    ]
    if t:
        terms.append((part.stored_kwh[t - 1], -1.0))
    return bus.lp.addConstraint(total(terms) == (0.0 if t else problem.start_kwh), f"stores_{t}")


def _keep_direction(bus: Bus, t: int, part: BatteryPart, others: Bounds) -> None:
    """Charge or discharge where both would pay; and where the house either buys or sells, tie the battery to that choice.

    The tie is implied for whole choices, but makes the relaxation nearly exact: a battery that feeds an importing house
    is limited by its load, one that charges in an exporting house by its surplus; what other devices may draw counts as load.
    """
    slot, site, importing = bus.problem.slots[t], bus.problem.site, bus.importing[t]
    charge, discharge = part.charge_kw[t], part.discharge_kw[t]
    if importing is not None:
        short, drain = slot.load_kw - slot.solar_kw + others.least_kw, _drain_kw(bus.problem, t) + others.most_kw
        deficit, drained = _most(short, site.max_discharge_kw), _most(drain, site.max_discharge_kw)
        surplus = _most(-short, site.max_charge_kw)
        feeds = total([(discharge, 1.0), (importing, site.max_discharge_kw - drained)])
        stores = total([(charge, 1.0), (importing, surplus - site.max_charge_kw)])
        bus.lp.addConstraint(total([(discharge, 1.0), (importing, deficit)]) >= deficit, f"feeds_the_load_before_exporting_{t}")
        bus.lp.addConstraint(feeds <= site.max_discharge_kw, f"feeds_the_load_when_importing_{t}")
        bus.lp.addConstraint(stores <= surplus, f"stores_the_surplus_when_exporting_{t}")
    if could_cheat(bus.problem, slot):
        either_or(bus.lp, f"charging_{t}", (charge, site.max_charge_kw), (discharge, site.max_discharge_kw))


def _drain_kw(problem: Problem, t: int) -> float:
    """Return what an importing house could take from its battery; where imports will be paid for, it may throw sun away to make room."""
    slot = problem.slots[t]
    room_pays = any(later.priced.import_per_kwh < 0 for later in problem.slots[t:])
    return slot.load_kw if room_pays else slot.load_kw - slot.solar_kw


def _most(wanted_kw: float, limit_kw: float) -> float:
    return min(limit_kw, max(0.0, wanted_kw))


def _keep_limits(bus: Bus, t: int, part: BatteryPart) -> None:
    """From outside reserve and limit, let them give way with a penalty until they are reached, never further."""
    problem = bus.problem
    battery, hours, stored = problem.site.battery, problem.slots[t].hours, part.stored_kwh[t]
    missing, excess = battery.reserve_kwh - problem.start_kwh, problem.start_kwh - battery.top_kwh
    if missing > 0:
        short = bus.lp.add_variable(f"below_reserve_{t}", 0, missing)
        bus.lp.addConstraint(total([(stored, 1.0), (short, 1.0)]) >= battery.reserve_kwh, f"keeps_reserve_{t}")
        part.penalty.append((short, BELOW_RESERVE_PER_KWH_HOUR * hours))
    if excess > 0:
        over = bus.lp.add_variable(f"above_limit_{t}", 0, excess)
        bus.lp.addConstraint(total([(stored, 1.0), (over, -1.0)]) <= battery.top_kwh, f"keeps_limit_{t}")
        part.penalty.append((over, ABOVE_LIMIT_PER_KWH_HOUR * hours))
