"""What the entities of the optimizer's device show: a decision, a plan and preferences as JSON. Pure data, no connection."""

from dataclasses import asdict, dataclass
from datetime import datetime

from app.domain.decision import Decision, ReasonCode
from app.domain.plan import Plan
from app.domain.price import PricedSlot
from app.domain.setting import Preferences
from app.domain.site import Site
from app.services.home_assistant.discovery import NO_OVERRIDE, Json

LONGEST_STATE = 255
"""Home Assistant refuses longer states; the whole sentence stands in the attributes."""
PLAN_SLOTS = 192
"""Two days of quarters: about 10 kB, under the 16 kB of attributes that Home Assistant records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that the entities speak of."""

    site: Site
    decision: Decision
    plan: Plan | None
    following: PricedSlot | None
    """The tariff's next slot, where it is known."""
    next_change: datetime | None
    preferences: Preferences
    has_problem: bool


def states(shown: Shown) -> Json:
    """Return the value of every entity; None shows as unknown."""
    decision, plan, following = shown.decision, shown.plan, shown.following
    is_told = following is not None and following.provenance.is_told
    return {
        "mode": decision.command.mode,
        "mode_label": decision.label,
        "reason": decision.reason[:LONGEST_STATE],
        "why": {
            "reason": decision.reason,
            "reason_code": decision.reason_code,
            "cause": decision.cause,
            "decision_id": decision.id,
            "valid_until": decision.valid_until.isoformat(),
        },
        "explanation": None if decision.explanation is None else decision.explanation.words[:LONGEST_STATE],
        "explained": _explained(decision),
        "plan_source": decision.plan_source,
        "target_soc": decision.command.target_soc_pct,
        "expected_soc": decision.expected_soc_pct,
        "price_now": decision.price.import_per_kwh,
        "price_next": following.import_per_kwh if following is not None and is_told else None,
        "stored_value": decision.stored_kwh_value,
        "next_change": None if shown.next_change is None else shown.next_change.isoformat(),
        "plan": None if plan is None else plan.created_at.isoformat(),
        "plan_cost": None if plan is None else round(plan.cost, 3),
        "problem": "ON" if shown.has_problem else "OFF",
        "reserve_soc": shown.preferences.reserve_pct,
        "override": _override(shown),
        "dry_run": "ON" if shown.preferences.dry_run else "OFF",
    }


def _explained(decision: Decision) -> Json:
    """Return the numbers behind a decision, and why not each other mode."""
    told = {} if decision.explanation is None else asdict(decision.explanation)
    others = {each.command.mode.value: {"extra_cost": each.extra_cost, "why_not": each.why_not} for each in decision.alternatives}
    return {**told, "alternatives": others}


def plan_attributes(plan: Plan, site: Site) -> Json:
    """Return the plan as columns, which is half the size of rows."""
    steps = plan.steps[:PLAN_SLOTS]
    return {
        "plan_id": plan.id,
        "start": [f"{step.priced.slot.start:%Y-%m-%dT%H:%MZ}" for step in steps],
        "soc_pct": [round(site.battery.pct(step.stored_kwh), 1) for step in steps],
        "battery_kw": [round(step.charge_kw - step.discharge_kw, 2) for step in steps],
        "grid_kw": [round(step.import_kw - step.export_kw, 2) for step in steps],
        "import_per_kwh": [round(step.priced.import_per_kwh, 4) for step in steps],
    }


def _override(shown: Shown) -> str | None:
    """Return the option of the select that holds; None for a mode it does not offer, which only the API can force."""
    if shown.decision.reason_code is not ReasonCode.OVERRIDE:
        return NO_OVERRIDE
    mode = shown.decision.command.mode
    return mode if mode in shown.site.inverter.modes else None
