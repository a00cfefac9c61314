"""Evidence: how far it is proved that what was decided was done. Computed when asked; nothing is written, history stays as reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isclose

from app.control.evidence import highest, proved
from app.domain.decision import Decision, Outcome, OutcomeStatus
from app.domain.ledger import SettledSlot
from app.domain.order import Effect, Evidence
from app.domain.site import Site, SiteId
from app.ledger.effect import effect
from app.ledger.settle import house_of
from app.usecases import ports

WHOLE = timedelta(minutes=5)
"""A decision is judged by a slot's energy if it held from within this time of the slot's beginning: one round."""
DISPROVES = frozenset({OutcomeStatus.FAILED, OutcomeStatus.OVERRIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far a decision's first order is proved, and what the slot's energies say of it; None where nobody was told, or not yet."""

    decision: Decision
    evidence: Evidence | None
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Proofs:
    """Weighs reports and settled slots."""

    sites: Mapping[SiteId, Site]
    decisions: ports.Decisions
    ledger: ports.Ledger

    def between(self, site: SiteId, start: datetime, end: datetime) -> list[Proof]:
        """Return the decisions whose slot starts in [start, end), oldest first, each with its proof."""
        made = self.decisions.between(site, start, end)
        if not made:
            return []
        held = self.ledger.between(site, start, max(each.slot.end for each in made))
        last = {each.slot: each.id for each in sorted(made, key=lambda each: each.decided_at)}
        return [self._weighed(site, each, held if last[each.slot] == each.id else ()) for each in made]

    def of(self, site: SiteId, decision: Decision) -> Proof:
        """Return how far one decision is proved by what was reported."""
        return self._weighed(site, decision, ())

    def _weighed(self, site: SiteId, decision: Decision, held: Sequence[SettledSlot]) -> Proof:
        judged = replace(decision, outcomes=_judged(decision))
        reported = highest([each.evidence for each in judged.outcomes])
        if reported is None:
            return Proof(decision=judged, evidence=None, effect=None)
        shown = self._shown(self.sites[site], decision, held)
        is_done = shown is Effect.SHOWN and judged.outcomes[-1].status not in DISPROVES
        return Proof(decision=judged, evidence=Evidence.DELIVERED if is_done else reported, effect=shown)

    @staticmethod
    def _shown(site: Site, decision: Decision, held: Sequence[SettledSlot]) -> Effect | None:
        """Return what the energies of the whole slot say; None unless all of it was measured while the decision held."""
        slots = [each for each in held if decision.slot.contains(each.slot.start) and each.slot.end <= decision.slot.end]
        energies = [each.energies for each in slots if each.status.counts and each.energies is not None]
        hours = sum(each.slot.hours for each in slots)
        stored = slots[0].stored_start_kwh if slots else None
        is_whole = bool(slots) and len(energies) == len(slots) and isclose(hours, decision.slot.hours)
        if stored is None or not is_whole or decision.decided_at > decision.slot.start + WHOLE:
            return None
        return effect(
            house_of(site, slots[0]),
            decision.command,
            battery_kw=sum(each.charge_kwh - each.discharge_kwh for each in energies) / hours,
            stored_kwh=stored,
            solar_kw=sum(each.solar_kwh for each in energies) / hours,
            load_kw=sum(each.load_kwh for each in energies) / hours,
            hours=hours,
        )


def _judged(decision: Decision) -> tuple[Outcome, ...]:
    """Return the outcomes with what each proves; those from before this was kept are judged now."""
    return tuple(each if each.evidence is not None else replace(each, evidence=proved(decision, each)) for each in decision.outcomes)
