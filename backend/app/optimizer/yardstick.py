"""The planner's own money: a problem and its answer in yardsticks, so that penalties, ties and tolerances weigh the same in any currency.

Solvers and recursions count in yardsticks throughout (see `domain.money`): a currency is divided by its scale at the door and multiplied
again on the way out. In pounds a yardstick is a pound, and nothing is touched.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.asset import Trace
from app.domain.money import YARDSTICK
from app.domain.plan import STORED_KWH_VALUE, PlanStep
from app.domain.price import PricedSlot, PriceRange
from app.optimizer.parts import flexible
from app.optimizer.problem import Problem


def in_yardsticks(problem: Problem) -> Problem:
    """Return the same problem with all its money in yardsticks."""
    scale, site = problem.site.money.scale, problem.site
    if scale == YARDSTICK.scale:
        return problem
    store = site.battery
    battery = replace(
        store,
        wear_per_kwh=store.wear_per_kwh / scale,
        full_per_kwh_hour=store.full_per_kwh_hour / scale,
        reserve_per_kwh_hour=None if store.reserve_per_kwh_hour is None else store.reserve_per_kwh_hour / scale,
    )
    return replace(
        problem,
        site=replace(site, battery=battery, currency=YARDSTICK.code),
        end_value_per_kwh=problem.end_value_per_kwh / scale,
        slots=tuple(replace(slot, priced=_divided(slot.priced, scale)) for slot in problem.slots),
        assets=tuple(flexible(asset).in_yardsticks(scale) for asset in problem.assets),
    )


def in_money(problem: Problem, steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """Return steps planned in yardsticks with the problem's own prices, and cost and worth in its currency."""
    scale = problem.site.money.scale
    if scale == YARDSTICK.scale:
        return tuple(steps)
    return tuple(
        replace(step, priced=slot.priced, cost=step.cost * scale, traces=tuple(_told(trace, scale) for trace in step.traces))
        for slot, step in zip(problem.slots, steps, strict=True)
    )


def _told(trace: Trace, scale: float) -> Trace:
    state = {name: value * scale if name in MONEY else value for name, value in trace.state.items()}
    return replace(trace, cost=trace.cost * scale, state=state)


MONEY = frozenset({STORED_KWH_VALUE})
"""What of a trace's state is an amount of money."""


def _divided(priced: PricedSlot, scale: float) -> PricedSlot:
    return replace(
        priced,
        import_per_kwh=priced.import_per_kwh / scale,
        export_per_kwh=priced.export_per_kwh / scale,
        import_range=_range(priced.import_range, scale),
        export_range=_range(priced.export_range, scale),
    )


def _range(found: PriceRange | None, scale: float) -> PriceRange | None:
    return None if found is None else PriceRange(low=found.low / scale, high=found.high / scale)
