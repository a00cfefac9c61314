"""What the cheapest plan costs, found in two ways that share nothing with the optimizer but the question.

`cheapest` is one mixed-integer program in matrix form, with an either-or for grid and battery in every slot.
`cheapest_on_a_grid` walks backwards over a grid of charge levels: an upper bound that closes in with finer steps.
`worth` prices a schedule from its flows alone.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from app.domain.plan import PlanStep
from app.domain.site import Coupling
from app.optimizer.problem import Problem, ProblemSlot
from tests.optimizer.pump import Pump

BELOW_RESERVE, ABOVE_LIMIT, OVER_FUSE = 1.0, 0.001, 100.0
"""The documented penalties: per kWh and hour outside the battery's wished limits, per kWh above the connection's."""

type Numbers = NDArray[np.float64]

NAMES = (
    "imp",
    "exp",
    "over_imp",
    "over_exp",
    "chg",
    "dis",
    "curt",
    "stored",
    "short",
    "full",
    "buys",
    "charges",
    "throttles",
    "outside",
    "pump_0",
    "pump_1",
    "dry_0",
    "dry_1",
)


class Matrix:
    """Rows of a linear program over the named columns of every slot."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def column(self, name: str, t: int) -> int:
        return NAMES.index(name) * self.count + t

    def row(self, low: float, high: float, terms: Sequence[tuple[str, int, float]]) -> None:
        self.entries += [(len(self.low), self.column(name, t), factor) for name, t, factor in terms]
        self.low.append(low)
        self.high.append(high)

    def constraint(self) -> LinearConstraint:
        rows, columns, factors = zip(*self.entries, strict=True)
        shape = (len(self.low), len(NAMES) * self.count)
        return LinearConstraint(coo_array((factors, (rows, columns)), shape=shape).tocsr(), self.low, self.high)


def cheapest(problem: Problem, *, gap: float = 1e-5) -> float:
    """Return the least cost of steps and penalties, less the value left in the battery."""
    count = len(problem.slots)
    matrix = Matrix(count)
    low, high, cost = (np.zeros(len(NAMES) * count) for _ in range(3))
    integer = np.zeros(len(NAMES) * count)
    for t, slot in enumerate(problem.slots):
        for name, (most, each) in columns(problem, slot).items():
            high[matrix.column(name, t)] = most
            cost[matrix.column(name, t)] = each * slot.hours
        for name in ("buys", "charges", "throttles", "outside"):
            integer[matrix.column(name, t)] = 1
        rows(matrix, problem, slot, t)
    for n, pump in enumerate(pumps(problem)):
        work = [(f"pump_{n}", t, slot.hours) for t, slot in enumerate(problem.slots)]
        matrix.row(pump.needs_kwh, np.inf, [*work, (f"dry_{n}", 0, 1.0)])
    cost[matrix.column("stored", count - 1)] -= problem.end_value_per_kwh
    answer = milp(cost, constraints=matrix.constraint(), bounds=Bounds(low, high), integrality=integer, options={"mip_rel_gap": gap})
    assert answer.status == 0, answer.message
    return float(answer.fun)


def columns(problem: Problem, slot: ProblemSlot) -> dict[str, tuple[float, float]]:
    """Return the most that each column can be, and what one of it costs per hour."""
    site, store, price = problem.site, problem.site.battery, slot.priced
    sun = min(slot.solar_kw, site.inverter.ac_limit_kw) if shares_inverter(problem) else slot.solar_kw
    too_much_load = max(0.0, slot.load_kw + sum(pump.max_kw for pump in pumps(problem)) - sun - site.grid.import_limit_kw)
    too_much_sun = 0.0 if site.solar.curtailable else max(0.0, slot.solar_kw - slot.load_kw - site.grid.export_limit_kw)
    return {
        "imp": (site.grid.import_limit_kw, price.import_per_kwh),
        "exp": (site.grid.export_limit_kw, -price.export_per_kwh),
        "over_imp": (too_much_load, price.import_per_kwh + OVER_FUSE),
        "over_exp": (too_much_sun, OVER_FUSE - price.export_per_kwh),
        "chg": (site.max_charge_kw, 0.0),
        "dis": (min(site.max_discharge_kw, most_given(problem, slot)), store.wear_per_kwh),
        "curt": (slot.solar_kw if site.solar.curtailable else 0.0, 0.0),
        "stored": (store.capacity_kwh, 0.0),
        "short": (max(0.0, store.reserve_kwh - problem.start_kwh), BELOW_RESERVE),
        "full": (max(0.0, problem.start_kwh - store.top_kwh), ABOVE_LIMIT),
        "buys": (1.0, 0.0),
        "charges": (1.0, 0.0),
        "throttles": (1.0, 0.0),
        "outside": (1.0, 0.0),
        **pump_columns(problem, slot),
    }


def most_given(problem: Problem, slot: ProblemSlot) -> float:
    """Return what a battery is ever told to give: what the house lacks, and what the grid may take, each beside the sun."""
    drawn, inverter = slot.load_kw + sum(pump.max_kw for pump in pumps(problem)), problem.site.inverter
    passes = inverter.ac_limit_kw if inverter.coupling is Coupling.DC else np.inf
    return min(max(0.0, drawn - slot.solar_kw + most_sold(problem, slot)), max(0.0, passes - slot.solar_kw))


def most_sold(problem: Problem, slot: ProblemSlot) -> float:
    """Return what the grid may take: nothing where that costs money and the inverter can be told so."""
    site = problem.site
    told_not_to = site.inverter.limits_export and site.solar.curtailable and slot.priced.export_per_kwh < 0
    return 0.0 if told_not_to else site.grid.export_limit_kw


def pumps(problem: Problem) -> Sequence[Pump]:
    return [asset for asset in problem.assets if isinstance(asset, Pump)]


def pump_columns(problem: Problem, slot: ProblemSlot) -> dict[str, tuple[float, float]]:
    """Return a pump's power per slot, and in the first slot what it leaves undone."""
    found: dict[str, tuple[float, float]] = {}
    for n, pump in enumerate(pumps(problem)):
        found[f"pump_{n}"] = (pump.max_kw if slot.priced.slot.end <= pump.by else 0.0, 0.0)
        found[f"dry_{n}"] = (pump.needs_kwh if slot is problem.slots[0] else 0.0, pump.short_per_kwh / slot.hours)
    return found


def shares_inverter(problem: Problem) -> bool:
    return problem.site.inverter.coupling is Coupling.DC and problem.site.solar.curtailable


def rows(matrix: Matrix, problem: Problem, slot: ProblemSlot, t: int) -> None:
    site, store, far = problem.site, problem.site.battery, np.inf
    most_in, most_out = 1000.0, 1000.0
    drawn = [("imp", t, 1.0), ("over_imp", t, 1.0), ("exp", t, -1.0), ("over_exp", t, -1.0)]
    through = [("dis", t, 1.0), ("chg", t, -1.0), ("curt", t, -1.0)]
    pumped = [(f"pump_{n}", t, -1.0) for n, _ in enumerate(pumps(problem))]
    matrix.row(slot.load_kw - slot.solar_kw, slot.load_kw - slot.solar_kw, [*drawn, *through, *pumped])
    flow = [("stored", t, 1.0), ("chg", t, -slot.hours * store.charge_efficiency), ("dis", t, slot.hours / store.discharge_efficiency)]
    if t:
        matrix.row(0.0, 0.0, [*flow, ("stored", t - 1, -1.0)])
    else:
        matrix.row(problem.start_kwh, problem.start_kwh, flow)
    matrix.row(store.reserve_kwh, far, [("stored", t, 1.0), ("short", t, 1.0)])
    matrix.row(-far, store.top_kwh, [("stored", t, 1.0), ("full", t, -1.0)])
    wrong_way, missing = ("dis", "short") if problem.start_kwh < store.reserve_kwh else ("chg", "full")
    matrix.row(-far, 0.0, [(missing, t, 1.0), ("outside", t, -store.capacity_kwh)])
    matrix.row(-far, 100.0, [(wrong_way, t, 1.0), ("outside", t, 100.0)])
    matrix.row(-far, 0.0, [("imp", t, 1.0), ("over_imp", t, 1.0), ("buys", t, -most_in)])
    matrix.row(-far, most_out, [("exp", t, 1.0), ("over_exp", t, 1.0), ("buys", t, most_out)])
    matrix.row(-far, 0.0, [("chg", t, 1.0), ("charges", t, -site.max_charge_kw)])
    matrix.row(-far, site.max_discharge_kw, [("dis", t, 1.0), ("charges", t, site.max_discharge_kw)])
    throttled_as_inverters_do(matrix, problem, slot, t)
    if site.inverter.coupling is Coupling.DC:
        limit = site.inverter.ac_limit_kw
        most = limit if site.solar.curtailable else max(limit, slot.solar_kw)
        matrix.row(-limit - slot.solar_kw, most - slot.solar_kw, through)


def throttled_as_inverters_do(matrix: Matrix, problem: Problem, slot: ProblemSlot, t: int) -> None:
    """Sun is thrown away only while nothing is bought and the grid gets all it may, or beyond what a shared inverter passes."""
    site, far = problem.site, np.inf
    passes = site.inverter.ac_limit_kw if site.inverter.coupling is Coupling.DC else far
    full = min(most_sold(problem, slot), max(0.0, passes - slot.load_kw))
    matrix.row(-far, max(0.0, slot.solar_kw - passes), [("curt", t, 1.0), ("throttles", t, -slot.solar_kw)])
    pumped = [(f"pump_{n}", t, -1.0) for n, _ in enumerate(pumps(problem))]
    matrix.row(-far, max(0.0, slot.load_kw - slot.solar_kw + most_sold(problem, slot)), [("dis", t, 1.0), *pumped])
    matrix.row(-far, 1000.0, [("imp", t, 1.0), ("over_imp", t, 1.0), ("throttles", t, 1000.0)])
    matrix.row(0.0, far, [("exp", t, 1.0), ("over_exp", t, 1.0), ("throttles", t, -full)])


def worth(problem: Problem, steps: Sequence[PlanStep]) -> float:
    """Return what a schedule costs with its penalties, less the value left in the battery."""
    store, grid = problem.site.battery, problem.site.grid
    total = -problem.end_value_per_kwh * steps[-1].stored_kwh
    for slot, step in zip(problem.slots, steps, strict=True):
        price = slot.priced
        per_hour = step.import_kw * price.import_per_kwh - step.export_kw * price.export_per_kwh + step.discharge_kw * store.wear_per_kwh
        per_hour += OVER_FUSE * (max(0.0, step.import_kw - grid.import_limit_kw) + max(0.0, step.export_kw - grid.export_limit_kw))
        per_hour += BELOW_RESERVE * max(0.0, store.reserve_kwh - step.stored_kwh)
        per_hour += ABOVE_LIMIT * max(0.0, step.stored_kwh - store.top_kwh)
        total += slot.hours * per_hour
    return total


def cheapest_on_a_grid(problem: Problem, *, levels: int = 401) -> float:
    """Return the least cost when only evenly spaced charge levels may be reached; for starts and limits on the grid."""
    store = problem.site.battery
    level = np.linspace(0.0, store.capacity_kwh, levels)
    allowed = (level >= store.reserve_kwh - 1e-9) & (level <= store.top_kwh + 1e-9)
    later = np.where(allowed, -problem.end_value_per_kwh * level, np.inf)
    for slot in reversed(problem.slots):
        change = level[None, :] - level[:, None]
        charge = np.maximum(0.0, change) / store.charge_efficiency / slot.hours
        discharge = np.maximum(0.0, -change) * store.discharge_efficiency / slot.hours
        ways = (bus_cost(problem, slot, charge=charge, discharge=discharge) + later[None, :]).min(axis=1)
        later = np.where(allowed, ways, np.inf)
    return float(later[np.argmin(abs(level - problem.start_kwh))])


def bus_cost(problem: Problem, slot: ProblemSlot, *, charge: Numbers, discharge: Numbers) -> Numbers:
    """Return the cheapest cost of a slot for given battery powers; infinite where they are not possible."""
    site, price = problem.site, slot.priced
    best = np.full_like(charge, np.inf)
    drawn = slot.load_kw + charge - discharge - slot.solar_kw
    for wanted in (np.zeros_like(drawn), -drawn - site.grid.export_limit_kw):  # as little as the connection can do with
        curtailed = np.clip(wanted, 0.0, slot.solar_kw) if site.solar.curtailable else np.zeros_like(drawn)
        bought, sold = np.maximum(0.0, drawn + curtailed), np.maximum(0.0, -drawn - curtailed)
        cost = slot.hours * (bought * price.import_per_kwh - sold * price.export_per_kwh + discharge * site.battery.wear_per_kwh)
        fits = (bought <= site.grid.import_limit_kw + 1e-9) & (sold <= site.grid.export_limit_kw + 1e-9)
        best = np.where(fits, np.minimum(best, cost), best)
    possible = (charge <= site.max_charge_kw + 1e-9) & (discharge <= site.max_discharge_kw + 1e-9)
    return np.where(possible, best, np.inf)
