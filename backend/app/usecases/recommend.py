"""Recommend: what to do in the current slot. Always answers, by the best rung of the ladder that stands."""

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.control import decide
from app.control.decide import Situation, Verdict
from app.control.resolve import resolve
from app.domain.decision import Command, Decision, Override, ReasonCode
from app.domain.errors import InfeasibleError, InvalidInputError, NotFoundError, UnavailableError
from app.domain.override import ahead, holding
from app.domain.plan import PlanSource
from app.domain.possible import bounded
from app.domain.reading import Quantity
from app.domain.site import Site, SiteId
from app.domain.slot import Slot, slot_at
from app.optimizer.lp import LIVE_GAP
from app.usecases import ports
from app.usecases.home import Homes, nothing_here
from app.usecases.ingest import Ingest
from app.usecases.journal import Journal
from app.usecases.outlook import Conditions, Outlook
from app.usecases.worded import worded

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recommend:
    """Plans again when something changed, decides, and keeps both."""

    homes: Homes
    ingest: Ingest
    outlook: Outlook
    journal: Journal
    overrides: ports.Overrides
    time_limit_s: float
    words: ports.Words
    locks: dict[SiteId, threading.Lock] = field(default_factory=dict)
    forced: dict[SiteId, list[Override]] = field(default_factory=dict)
    """The overrides as last read: they win while the store is away, too."""

    def now(self, site: SiteId, now: datetime) -> Decision:
        """Return the decision for the current slot; the same one as long as nothing changed.

        Raises:
            NotFoundError: no such site.
        """
        home = self.homes.get(site)
        if home is None:
            raise NotFoundError(nothing_here(self.homes, site))
        with self.locks.setdefault(site, threading.Lock()):
            decision = self._decide(home.site, now)
            last = self.journal.last_decision(site, now)
            if last is not None and _same(last, decision):
                return last
            self.journal.keep(decision)
            return decision

    def _decide(self, site: Site, now: datetime) -> Decision:
        try:
            self.ingest.look(site.id, now)
            conditions = self.outlook.conditions(site, now)
            self.forced[site.id] = self.overrides.between(site.id, ahead(now))
        except UnavailableError as error:
            return self._without_conditions(site, now, error)
        situation, override = _situation(site, conditions, now), self._forced(site, now)
        if override is not None:
            return worded(self.words, situation, self._around(site, conditions, override, now))
        return self._planned(site, conditions, situation, now)

    def _around(self, site: Site, conditions: Conditions, override: Override, now: datetime) -> Verdict:
        """Return what a person asked for, with the plan around it and what it costs where that can be told."""
        verdict = decide.from_override(site, override)
        try:
            prospect = self.outlook.prospect(site, conditions, now, self.forced[site.id])
            if prospect.problem.slots[0].forced is None:  # it ends before the middle of the slot
                return verdict
            resolved = resolve(prospect.problem, prospect.paths)
            plan, _ = resolved.planned(now=now, time_limit_s=self.time_limit_s, relative_gap=LIVE_GAP)
        except (InfeasibleError, UnavailableError, InvalidInputError) as error:
            log.info("site %s: no plan around an override: %s", site.id, error)
            return verdict
        self.journal.keep_plan(plan)
        return decide.with_plan(verdict, resolved.problem, plan, resolved.choice)

    def _planned(self, site: Site, conditions: Conditions, situation: Situation, now: datetime) -> Decision:
        try:
            prospect = self.outlook.prospect(site, conditions, now, self.forced[site.id])
            problem, last = prospect.problem, self.journal.last_decision(site.id, now)
            if last is not None and last.fingerprint == problem.fingerprint and last.slot == situation.slot:
                return last
            switching_cost = self.homes[site.id].switching_cost
            resolved = resolve(problem, prospect.paths, running=_running(last, situation.slot), switching_cost=switching_cost)
            plan, verdict = resolved.planned(now=now, time_limit_s=self.time_limit_s, relative_gap=LIVE_GAP, before=last)
            self.journal.keep_plan(plan)
            return worded(self.words, situation, verdict)
        except (InfeasibleError, UnavailableError, InvalidInputError) as error:
            verdict = self._fall_back(site, conditions, now, cause=str(error))
            log.warning("site %s: %s instead of a plan: %s", site.id, verdict.source, error)
            return worded(self.words, situation, verdict)

    def _forced(self, site: Site, now: datetime) -> Override | None:
        """Return what a person forces now, as far as the house goes as it is described today; the note says where that is less."""
        override = holding(self.forced.get(site.id, ()), now)
        if override is None:
            return None
        done = bounded(site, override.command)
        note = "; ".join(each for each in (override.note, done.why_not) if each) or None
        return replace(override, command=done.command, note=note)

    def _fall_back(self, site: Site, conditions: Conditions, now: datetime, *, cause: str) -> Verdict:
        """Take the next rung that stands: the last plan within its horizon, the rules, self-use."""
        plan = self.journal.last_plan(site.id, now)
        verdict = decide.from_last_plan(site, plan, now, cause=cause) if plan is not None else None
        if verdict is not None:
            return verdict
        if conditions.current is not None:
            return decide.from_rules(site, self.homes[site.id].rules, conditions.current, cause=cause)
        return decide.self_use(ReasonCode.NO_PRICE, "The current price is not known: self-use is safe at any price", cause=cause)

    def _without_conditions(self, site: Site, now: datetime, error: UnavailableError) -> Decision:
        """Answer from memory while the store is away."""
        plan, override = self.journal.last_plan(site.id, now), self._forced(site, now)
        verdict = decide.from_last_plan(site, plan, now, cause=str(error)) if plan is not None else None
        if override is not None:
            verdict = replace(decide.from_override(site, override), cause=str(error))
        elif verdict is None:
            verdict = decide.self_use(ReasonCode.NO_STATE, "Prices and state cannot be read: self-use is always safe", cause=str(error))
        log.warning("site %s: %s instead of a plan: %s", site.id, verdict.source, error)
        step = plan.step_at(now) if plan is not None else None
        slot = slot_at(now, minutes=30) if step is None else step.priced.slot
        return worded(self.words, Situation(site=site, slot=slot, now=now, priced=None if step is None else step.priced), verdict)


def _running(last: Decision | None, slot: Slot) -> Command | None:
    """Return the command decided earlier in this slot, which is worth keeping; with the slot, its claim expires."""
    return last.command if last is not None and last.slot == slot and last.plan_source is PlanSource.OPTIMIZER else None


def _situation(site: Site, conditions: Conditions, now: datetime) -> Situation:
    return Situation(
        site=site,
        slot=conditions.slot,
        now=now,
        priced=conditions.current,
        voltage_v=conditions.value(Quantity.BATTERY_VOLTAGE_V, now),
        soc_pct=conditions.value(Quantity.SOC_PCT, now),
    )


def _same(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions say the same in the same slot for the same cause."""
    first, second = ((each.slot, each.valid_until, each.command, each.plan_source, each.cause, each.fingerprint) for each in (one, other))
    return first == second
