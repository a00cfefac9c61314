"""The books kept a second time by somebody who has not read the first: plain loops over readings, prices and hours.

Good for a house without curtailment, whose inverter and grid limit nothing, with readings at whole minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.reading import Quantity, Reading

HOLD_MINUTES = 15


@dataclass
class Bill:
    """What a span cost: really, and in three other ways."""

    actual: float = 0.0
    wear: float = 0.0
    no_battery: float = 0.0
    self_use: float = 0.0
    self_use_wear: float = 0.0
    rules: float = 0.0
    rules_wear: float = 0.0
    half_hours: int = 0


@dataclass
class Tank:
    """A 10 kWh battery of 5 kW, 1 kWh of it in reserve, that loses a twentieth each way."""

    kwh: float

    def fill(self, kwh: float) -> float:
        taken = max(0.0, min(kwh, 2.5, (10 - self.kwh) / 0.95))
        self.kwh += taken * 0.95
        return taken

    def draw(self, kwh: float) -> float:
        given = max(0.0, min(kwh, 2.5, (self.kwh - 1) * 0.95))
        self.kwh -= given / 0.95
        return given


def bill(readings: Sequence[Reading], buy: Mapping[datetime, float], sell: float, start: datetime, end: datetime) -> Bill:
    """Settle every half-hour of a span that was measured for at least half of its time."""
    minutes = {quantity: by_minute(readings, quantity, start, end) for quantity in Quantity}
    charge = next(each.value for each in sorted(readings, key=lambda r: r.at) if each.quantity is Quantity.SOC_PCT and each.at == start)
    tanks, found = (Tank((charge or 0) / 10), Tank((charge or 0) / 10)), Bill()
    half = start
    while half < end:
        span = [half + timedelta(minutes=n) for n in range(30)]
        powers = {quantity: [each[minute] for minute in span if minute in each] for quantity, each in minutes.items()}
        needed = (Quantity.LOAD_KW, Quantity.SOLAR_KW, Quantity.GRID_KW, Quantity.BATTERY_KW)
        if min(len(powers[quantity]) for quantity in needed) >= 15:
            settle(found, powers, buy[half], sell, tanks)
        half += timedelta(minutes=30)
    return found


def settle(found: Bill, powers: Mapping[Quantity, list[float]], buy: float, sell: float, tanks: tuple[Tank, Tank]) -> None:
    tank, tank_of_rules = tanks
    load, sun = (mean(powers[quantity]) / 2 for quantity in (Quantity.LOAD_KW, Quantity.SOLAR_KW))
    bought = mean([max(0.0, kw) for kw in powers[Quantity.GRID_KW]]) / 2
    sold = mean([max(0.0, -kw) for kw in powers[Quantity.GRID_KW]]) / 2
    drawn = mean([max(0.0, -kw) for kw in powers[Quantity.BATTERY_KW]]) / 2
    found.half_hours += 1
    found.actual += bought * buy - sold * sell
    found.wear += 0.02 * drawn
    found.no_battery += cash(load - sun, buy, sell)
    taken, given = tank.fill(sun - load), tank.draw(load - sun)
    found.self_use += cash(load - sun + taken - given, buy, sell)
    found.self_use_wear += 0.02 * given
    if buy <= 0.10:
        taken, given = tank_of_rules.fill(99), 0.0
    elif sell >= 0.28:
        taken, given = 0.0, tank_of_rules.draw(99)
    else:
        taken, given = tank_of_rules.fill(sun - load), tank_of_rules.draw(load - sun)
    found.rules += cash(load - sun + taken - given, buy, sell)
    found.rules_wear += 0.02 * given


def cash(net_kwh: float, buy: float, sell: float) -> float:
    return net_kwh * buy if net_kwh > 0 else net_kwh * sell


def by_minute(readings: Sequence[Reading], quantity: Quantity, start: datetime, end: datetime) -> dict[datetime, float]:
    """Return the power that stood in each minute that some reading stands for."""
    said = {each.at: each.value for each in readings if each.quantity is quantity and each.value is not None}
    found: dict[datetime, float] = {}
    minute, last = start, None
    while minute < end:
        last = minute if minute in said else last
        if last is not None and minute - last < timedelta(minutes=HOLD_MINUTES):
            found[minute] = said[last]
        minute += timedelta(minutes=1)
    return found


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
