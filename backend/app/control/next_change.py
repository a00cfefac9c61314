"""When the house is expected to be told something else."""

from dataclasses import replace
from datetime import datetime

from app.control.mapped import mapped
from app.domain.decision import Decision, ReasonCode
from app.domain.plan import Plan
from app.domain.site import Mode, Site


def next_change(site: Site, decision: Decision, plan: Plan | None, now: datetime) -> datetime | None:
    """Return the end of an override, or the first slot whose mode differs in the plan; None when none does or nothing is planned."""
    if decision.reason_code is ReasonCode.OVERRIDE:
        return decision.valid_until
    if plan is None or decision.plan_id != plan.id:
        return None
    steps = [n for n, step in enumerate(plan.steps) if step.priced.slot.end > now]
    return next((plan.steps[n].priced.slot.start for n in steps[1:] if _mode(site, plan, n) is not _mode(site, plan, steps[0])), None)


def _mode(site: Site, plan: Plan, n: int) -> Mode:
    start_kwh = plan.steps[n - 1].stored_kwh if n else plan.start_kwh
    return mapped(site, replace(plan, start_kwh=start_kwh, steps=plan.steps[n:])).mode
