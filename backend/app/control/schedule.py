"""From a plan to what a dongle does by itself when nobody speaks to it: a mode for each slot of the next two days."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.control.mapped import mapped
from app.domain.decision import Command
from app.domain.dongle import Schedule
from app.domain.plan import Plan, PlanStep
from app.domain.price import PriceClass
from app.domain.site import Mode, Site
from app.domain.slot import floor

STEPS_S = (900, 1800, 3600)
MOST_SLOTS = 192
LONGEST = timedelta(hours=48)
STORED_WITHIN = timedelta(minutes=5)
ROUNDED_KW = 0.1
"""A plan's powers change a little with each forecast; a schedule that says the same is not sent again."""


def schedule(site: Site, plan: Plan, *, now: datetime) -> Schedule | None:
    """Return the plan as a schedule from the slot of now on; None where its slots are of no length a dongle knows."""
    step_s = _step_s(plan)
    if step_s is None:
        return None
    steps = [(n, step) for n, step in enumerate(plan.steps) if step.priced.slot.end > now][
        : min(MOST_SLOTS, int(LONGEST.total_seconds()) // step_s)
    ]
    if not steps:
        return None
    commands, classes = [], []
    for n, step in steps:
        start_kwh = plan.steps[n - 1].stored_kwh if n else plan.start_kwh
        commands.append(_without_target(mapped(site, replace(plan, start_kwh=start_kwh, steps=plan.steps[n:]))))
        classes.append(step.priced.price_class)
    return Schedule(
        id=f"s-{plan.id}"[:63],
        issued=now,
        expires=now + STORED_WITHIN,
        start=floor(steps[0][1].priced.slot.start, minutes=step_s // 60),
        step_s=step_s,
        commands=tuple(commands),
        classes=tuple[PriceClass, ...](classes),
    )


def _step_s(plan: Plan) -> int | None:
    """Return the length of the slots in seconds, if they are equal but for the first, which may have begun."""
    lengths = {round(_hours(step) * 3600) for step in plan.steps[1:] or plan.steps}
    found = lengths.pop() if len(lengths) == 1 else None
    return found if found in STEPS_S else None


def _hours(step: PlanStep) -> float:
    return step.priced.slot.hours


def _without_target(command: Command) -> Command:
    """Return a slot's command: its power rounded, without a target, which a schedule has no word for."""
    if command.mode not in {Mode.FORCE_CHARGE, Mode.FORCE_DISCHARGE} or command.power_kw is None:
        return Command(mode=command.mode)
    return Command(mode=command.mode, power_kw=max(ROUNDED_KW, round(command.power_kw, 1)))
