"""From a plan to a decision, and what each lower rung of the ladder decides."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.control.choose import DRAINING, Candidate, Choice
from app.control.explain import JUST_AS_GOOD, NEGLIGIBLE_KW, explanation, limit_reason, reason, reserve_reason, unsold_reason, why_not
from app.control.mapped import wanted
from app.domain.decision import (
    Alternative,
    Command,
    Decision,
    Explanation,
    Limit,
    Override,
    PriceNow,
    ReasonCode,
    battery_order,
    export_order,
)
from app.domain.house import most_sold_kw
from app.domain.money import money
from app.domain.order import Order
from app.domain.plan import Plan, PlanSource, PlanStatus, PlanStep, battery_trace, solar_trace
from app.domain.possible import end_pct, possible
from app.domain.price import PricedSlot, Provenance
from app.domain.site import Mode, Site
from app.domain.slot import Slot, clock
from app.optimizer.problem import Problem, ProblemSlot
from app.optimizer.rules import Rules

LEASE_GRACE_S = 300
"""One round of an executor that asks every five minutes: equal decisions of two slots join without a gap in between."""
HANDOVER_S = 30
"""What ends before its slot does has a lease that ends a little later, so that who asks just then need not go to self-use first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision is made in: the site, the slot of the tariff, now, the current price and the measured voltage."""

    site: Site
    slot: Slot
    now: datetime
    priced: PricedSlot | None
    voltage_v: float | None = None
    soc_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is decided and why, before it is written up."""

    command: Command
    reason_code: ReasonCode
    reason: str
    source: PlanSource
    status: PlanStatus = PlanStatus.FALLBACK
    plan: Plan | None = None
    step: PlanStep | None = None
    """What the house is expected to do in what is left of the slot."""
    alternatives: tuple[Alternative, ...] = ()
    explanation: Explanation | None = None
    cause: str | None = None
    fingerprint: str = ""
    until: datetime | None = None
    """When it ends before the slot does."""


def from_choice(problem: Problem, plan: Plan, choice: Choice, *, before: Decision | None = None) -> Verdict:
    """Return the verdict of a fresh choice: its mode, with the reason and every other mode's extra cost."""
    site, best = problem.site, choice.best
    step = _expected(site, problem.slots[0], best, choice.stored_kwh_value)
    reason_code, sentence = reason(site, best.command, step)
    explained = explanation(site, best.command, step, before)
    if choice.keeps_limit:
        reason_code, sentence = limit_reason(site, step, over_kw=best.over_kw)
    elif problem.sells_nothing(problem.slots[0]) and step.curtailed_kw > NEGLIGIBLE_KW:
        sentence = unsold_reason(site, step)
    if choice.keeps_reserve:
        reason_code, sentence = reserve_reason(site, step)
        explained = replace(explained, binding_limit=Limit.RESERVE)
    return Verdict(
        command=best.command,
        reason_code=reason_code,
        reason=sentence,
        source=plan.source,
        status=plan.status,
        plan=plan,
        step=step,
        alternatives=_alternatives(site, problem.slots[0], choice),
        explanation=explained,
        fingerprint=problem.fingerprint,
    )


def from_last_plan(site: Site, plan: Plan, now: datetime, *, cause: str) -> Verdict | None:
    """Return what an earlier plan wants now, or None when its horizon has passed."""
    at = next((n for n, step in enumerate(plan.steps) if step.priced.slot.contains(now)), None)
    if at is None or not plan.steps[at].priced.provenance.is_told:
        return None
    start = plan.steps[at - 1].stored_kwh if at else plan.start_kwh
    rest = replace(plan, start_kwh=start, steps=plan.steps[at:])
    done = possible(site.inverter, wanted(site, rest))
    command = done.command
    reason_code, sentence = reason(site, command, rest.steps[0])
    return Verdict(
        command=command,
        reason_code=reason_code,
        reason=_qualified(f"{sentence} (as planned at {clock(plan.created_at, site.zone)})", done.why_not),
        source=PlanSource.LAST_PLAN,
        plan=plan,
        step=rest.steps[0],
        cause=cause,
    )


def from_rules(site: Site, rules: Rules, priced: PricedSlot, *, cause: str) -> Verdict:
    """Return what the reactive rules do at the current price; the inverter itself stops at full and at its reserve."""
    wish = rules.command(priced.import_per_kwh, priced.export_per_kwh)
    done = possible(site.inverter, wish)
    buy, sell = money(priced.import_per_kwh, site.currency), money(priced.export_per_kwh, site.currency)
    below, above = money(rules.charge_below, site.currency), money(rules.sell_above, site.currency)
    code, sentence = {
        Mode.FORCE_CHARGE: (ReasonCode.RULE_CHEAP, f"Rule: buying at {buy}, not above {below}: charge"),
        Mode.FORCE_DISCHARGE: (ReasonCode.RULE_EXPENSIVE, f"Rule: selling at {sell}, not below {above}: sell"),
    }.get(wish.mode, (ReasonCode.RULE_DEFAULT, f"Rule: buying at {buy} is above {below}, selling at {sell} below {above}: self-use"))
    return Verdict(command=done.command, reason_code=code, reason=_qualified(sentence, done.why_not), source=PlanSource.RULES, cause=cause)


def from_override(site: Site, override: Override) -> Verdict:
    """Return what a person asked for; self-use with the reason where the inverter can no longer be told it."""
    done = possible(site.inverter, override.command)
    note = f" ({override.note})" if override.note else ""
    sentence = f"{override.set_by} asked for it until {clock(override.span.end, site.zone)}{note}"
    return Verdict(
        command=done.command,
        reason_code=ReasonCode.OVERRIDE,
        reason=_qualified(sentence, done.why_not),
        source=PlanSource.OVERRIDE,
        until=override.span.end,
    )


def with_plan(verdict: Verdict, problem: Problem, plan: Plan, choice: Choice) -> Verdict:
    """Return what a person asked for with the plan around it, what is expected of it, and what it costs beyond what would be planned.

    The reason stays as it is: by it an executor knows the same wish again, and the costs change by the minute.
    """
    site, step = problem.site, _expected(problem.site, problem.slots[0], choice.best, choice.stored_kwh_value)
    best, *others = (each.cost - each.over_cost for each in choice.candidates)
    more = best - min(others, default=best)
    explained = explanation(site, verdict.command, step, None)
    if more >= site.money.of(JUST_AS_GOOD):
        costs = f"It costs some {money(more, site.currency)} more than what would be planned"
        explained = replace(explained, words=f"{costs}. {explained.words}")
    return replace(verdict, plan=plan, step=step, explanation=explained, fingerprint=problem.fingerprint)


def _qualified(sentence: str, why_not: str | None) -> str:
    """Return a reason that also says why something else is done in its place."""
    return sentence if why_not is None else f"{sentence}; {why_not}: self-use instead"


def self_use(reason_code: ReasonCode, sentence: str, *, cause: str) -> Verdict:
    """Return the last rung, which is always there."""
    return Verdict(command=Command(mode=Mode.SELF_USE), reason_code=reason_code, reason=sentence, source=PlanSource.SELF_USE, cause=cause)


def write_up(situation: Situation, verdict: Verdict) -> Decision:
    """Return the decision: the verdict as orders, with prices, expected charge and a lease."""
    site, step = situation.site, verdict.step
    expected = site.battery.pct(step.stored_kwh) if step is not None else situation.soc_pct
    ends = situation.slot.end + timedelta(seconds=LEASE_GRACE_S)
    lease_until = ends if verdict.until is None else min(ends, verdict.until + timedelta(seconds=HANDOVER_S))
    return Decision(
        id=_name(situation, verdict),
        site=site.id,
        plan_id=verdict.plan.id if verdict.plan is not None else None,
        slot=situation.slot,
        decided_at=situation.now,
        valid_until=lease_until,
        orders=_orders(site, verdict, lease_until),
        reason_code=verdict.reason_code,
        reason=verdict.reason,
        plan_source=verdict.source,
        status=verdict.status,
        expected_soc_pct=None if expected is None else round(expected, 1),
        stored_kwh_value=None if step is None else round(step.stored_kwh_value, 5),
        price=_price_now(situation.priced),
        currency=site.currency,
        alternatives=verdict.alternatives,
        explanation=verdict.explanation,
        cause=verdict.cause,
        fingerprint=verdict.fingerprint,
    )


def _orders(site: Site, verdict: Verdict, lease_until: datetime) -> tuple[Order, ...]:
    """Return what the battery is told, and an array that can be throttled to an export limit, which one holds: also that it is lifted."""
    battery = battery_order(_aimed(site, verdict), lease_until=lease_until)
    if not (site.inverter.limits_export and site.solar.curtailable):
        return (battery,)
    return battery, export_order(most_sold_kw(site, verdict.command), lease_until=lease_until)


def discharge_kw(site: Site, verdict: Verdict) -> float:
    """Return what the battery is expected to give in the slot, in kW; 0 where nothing is known but that it follows the load."""
    command = verdict.command
    if verdict.step is not None:
        return verdict.step.discharge_kw
    if command.mode is Mode.FORCE_DISCHARGE:
        return site.max_discharge_kw if command.power_kw is None else command.power_kw
    return 0.0


def _aimed(site: Site, verdict: Verdict) -> Command:
    """Return the command with the charge in whole % at which the inverter is to stop by itself; what a person asked for stays as it is."""
    command = verdict.command
    if command.target_soc_pct is not None or verdict.source is PlanSource.OVERRIDE:
        return command
    return replace(command, target_soc_pct=end_pct(site.battery, command.mode))


def _name(situation: Situation, verdict: Verdict) -> str:
    """Return a name that sorts by time and differs wherever two decisions of one second do."""
    told = repr((situation.slot, verdict.command, verdict.cause, verdict.until, verdict.fingerprint))
    digest = hashlib.sha256(told.encode()).hexdigest()[:8]
    return f"{situation.now:%Y%m%dT%H%M%SZ}-{verdict.source[:3]}-{digest}"


def _expected(site: Site, slot: ProblemSlot, best: Candidate, stored_kwh_value: float) -> PlanStep:
    """Return what the house is expected to do in what is left of the slot."""
    battery = battery_trace(
        charge_kw=best.charge_kw,
        discharge_kw=best.discharge_kw,
        stored_kwh=best.stored_kwh,
        stored_kwh_value=stored_kwh_value,
        cost=slot.hours * best.discharge_kw * site.battery.wear_per_kwh,
    )
    return PlanStep(
        priced=slot.priced,
        load_kw=slot.load_kw,
        solar_kw=slot.solar_kw,
        import_kw=best.import_kw,
        export_kw=best.export_kw,
        cost=_spent(site, slot, best),
        traces=(solar_trace(solar_kw=slot.solar_kw, curtailed_kw=best.curtailed_kw), battery),
    )


def _alternatives(site: Site, slot: ProblemSlot, choice: Choice) -> tuple[Alternative, ...]:
    """Return every other mode at its best power, cheapest first."""
    best, cheapest = choice.best, dict[Mode, Candidate]()
    for each in sorted(choice.candidates, key=lambda found: found.cost - found.over_cost):
        if each.command.mode is not best.command.mode:
            cheapest.setdefault(each.command.mode, each)
    return tuple(_alternative(site, slot, each, choice) for each in cheapest.values())


def _alternative(site: Site, slot: ProblemSlot, other: Candidate, choice: Choice) -> Alternative:
    best = choice.best
    extra = max(0.0, (other.cost - other.over_cost) - (best.cost - best.over_cost))
    if other.over_kw > best.over_kw + NEGLIGIBLE_KW:
        told = f"{other.command.mode.replace('_', ' ')} would leave {other.over_kw:.1f} kW more on the connection than it may carry"
        return Alternative(command=other.command, extra_cost=round(extra, 4), why_not=told)
    if choice.keeps_reserve and other.command.mode in DRAINING:
        told = f"{other.command.mode.replace('_', ' ')} would drain the reserve"
        return Alternative(command=other.command, extra_cost=round(extra, 4), why_not=told)
    words = why_not(
        site,
        other.command,
        best.command,
        extra_cost=extra,
        extra_now=_spent(site, slot, other) - _spent(site, slot, best),
        extra_stored_kwh=other.stored_kwh - best.stored_kwh,
    )
    return Alternative(command=other.command, extra_cost=round(extra, 4), why_not=words)


def _spent(site: Site, slot: ProblemSlot, candidate: Candidate) -> float:
    """Return what a candidate is expected to cost in this slot, wear included."""
    cash = candidate.import_kw * slot.priced.import_per_kwh - candidate.export_kw * slot.priced.export_per_kwh
    return slot.hours * (cash + candidate.discharge_kw * site.battery.wear_per_kwh)


def _price_now(priced: PricedSlot | None) -> PriceNow:
    if priced is None:
        return PriceNow(import_per_kwh=None, export_per_kwh=None, price_class=None, provenance=Provenance.MISSING)
    return PriceNow(
        import_per_kwh=priced.import_per_kwh,
        export_per_kwh=priced.export_per_kwh,
        price_class=priced.price_class,
        provenance=priced.provenance,
    )
