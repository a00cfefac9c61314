"""The battery: stores with losses and wear, never charges and discharges at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from pulp import LpConstraint, LpVariable

from app.domain.asset import BATTERY, SOLAR, AssetId, AssetKind, Trace
from app.domain.house import available_kw, room_kw, stored_after
from app.domain.plan import STORED_KWH, Violation, battery_trace
from app.optimizer.battery_limits import keep_limits
from app.optimizer.course import EVEN_KWH, Course, limits_kw
from app.optimizer.part import Bounds, Bus, Choice, DevicePart, Flexible, Ranges, Terms, as_chosen, either_or, number, total
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.tolerance import TOLERANCE_KW, TOLERANCE_KWH
from app.optimizer.weights import TIE_PER_KWH
from app.optimizer.worst import worst


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryPart(DevicePart):
    """The battery's variables per slot: powers in kW on the AC side, stored energy at the slot's end in kWh."""

    problem: Problem
    charge_kw: list[LpVariable]
    discharge_kw: list[LpVariable]
    stored_kwh: list[LpVariable]
    stores: list[LpConstraint]
    """The balances whose duals are the value of one more stored kWh at the end of the slot."""
    returns: list[Choice] = field(default_factory=list)
    """Where it begins outside its limits: per slot whether it still ends outside, or may go the other way again."""

    def is_open(self) -> bool:
        """Tell whether it has to be chosen which way it goes: also where an order is to be carried out."""
        return any(slot.forced for slot in self.problem.slots) or any(each.is_open for each in (*self.choices, *self.returns))

    def as_in(self, found: Course) -> Ranges:
        """Charge where the course does, carry out orders, and from outside its limits only come nearer."""
        battery = self.problem.site.battery
        ranges: Ranges = {each.is_first: as_chosen(bool(found.battery_kw[each.slot] >= 0)) for each in self.choices}
        for each in self.returns:
            kwh = found.stored_kwh[each.slot]
            ranges[each.is_first] = as_chosen(not battery.kept_kwh - EVEN_KWH <= kwh <= battery.top_kwh + EVEN_KWH)
        last = max((t for t, slot in enumerate(self.problem.slots) if slot.forced is not None), default=-1)
        for t in range(last + 1):
            kw = float(found.battery_kw[t])
            ranges[self.charge_kw[t]], ranges[self.discharge_kw[t]] = (max(0.0, kw),) * 2, (max(0.0, -kw),) * 2
        return ranges

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
        low_kwh, high_kwh = min(battery.kept_kwh, problem.start_kwh), max(battery.top_kwh, problem.start_kwh)
        part = BatteryPart(
            problem=problem,
            charge_kw=bus.lp.add_variable_matrix("charge", slots, 0, problem.site.max_charge_kw),
            discharge_kw=bus.lp.add_variable_matrix("discharge", slots, 0, problem.site.max_discharge_kw),
            stored_kwh=bus.lp.add_variable_matrix("stored", slots, low_kwh, high_kwh),
            stores=[],
        )
        for t, slot in enumerate(problem.slots):
            charge, discharge, hours = part.charge_kw[t], part.discharge_kw[t], slot.hours
            least_kw, most_kw = limits_kw(problem, slot, least_beside_kw=others[t].least_kw, most_beside_kw=others[t].most_kw)
            charge.upBound, discharge.upBound = most_kw, -least_kw
            part.load_kw.append([(charge, 1.0), (discharge, -1.0)])
            part.directions.append((charge, discharge))
            part.cost.append((discharge, battery.wear_per_kwh * hours))
            part.ties.append((charge, TIE_PER_KWH * hours))
            part.stores.append(_store(bus, t, part))
            _keep_direction(bus, t, part, others[t])
            outside = keep_limits(bus.lp, problem, t, part.stored_kwh[t], part.penalty)
            if outside is not None:
                part.returns.append(_only_nearer(bus, t, part, outside))
        part.cost.append((part.stored_kwh[-1], -problem.end_value_per_kwh))
        return part

    def wrong(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[tuple[int, str]]:
        """Yield where it is too fast, does both at once, or its charge does not follow from its powers."""
        stored = problem.start_kwh
        for t, (slot, trace) in enumerate(zip(problem.slots, traces, strict=True)):
            yield from ((t, complaint) for complaint in _wrong(problem, slot, trace, stored))
            stored = trace.state[STORED_KWH]

    def broken(self, problem: Problem, traces: Sequence[Trace]) -> Iterator[Violation]:
        """Yield where it falls below its reserve or rises above its limit, or ends a slot beside what is wished for it."""
        battery, stored = problem.site.battery, [trace.state[STORED_KWH] for trace in traces]
        reserve_kwh = min(battery.reserve_kwh, problem.start_kwh) if problem.eased else battery.reserve_kwh
        wished = [(slot.least_kwh, slot.most_kwh) for slot in problem.slots]
        yield from worst("reserve", "kWh", problem, [reserve_kwh - kwh for kwh in stored])
        yield from worst("limit", "kWh", problem, [kwh - battery.top_kwh for kwh in stored])
        yield from worst("least_soc", "kWh", problem, [least - kwh for (least, _), kwh in zip(wished, stored, strict=True)])
        yield from worst("most_soc", "kWh", problem, [kwh - most for (_, most), kwh in zip(wished, stored, strict=True)])


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
        charging = either_or(bus.lp, f"charging_{t}", (charge, float(charge.upBound)), (discharge, float(discharge.upBound)))
        part.choices.append(Choice(slot=t, is_first=charging, first=charge, second=discharge))


def _only_nearer(bus: Bus, t: int, part: BatteryPart, outside: LpVariable) -> Choice:
    """Let the charge end a slot outside its limits only where it does not go further away in it."""
    away = part.discharge_kw[t] if bus.problem.start_kwh < bus.problem.site.battery.kept_kwh else part.charge_kw[t]
    still = either_or(bus.lp, f"still_outside_{t}", (outside, float(outside.upBound)), (away, float(away.upBound)))
    return Choice(slot=t, is_first=still, first=outside, second=away)


def _drain_kw(problem: Problem, t: int) -> float:
    """Return what an importing house could take from its battery; where imports will be paid for, it may throw sun away to make room."""
    slot = problem.slots[t]
    room_pays = any(later.priced.import_per_kwh < 0 for later in problem.slots[t:])
    return slot.load_kw if room_pays else slot.load_kw - slot.solar_kw


def _most(wanted_kw: float, limit_kw: float) -> float:
    return min(limit_kw, max(0.0, wanted_kw))
