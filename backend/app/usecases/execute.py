"""Execute: what people force, and what became of each command."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.control.evidence import proved
from app.domain.audit import AuditEntry
from app.domain.decision import Decision, Outcome, Override
from app.domain.errors import InvalidInputError, NotInControlError
from app.domain.override import ahead, holding, on_top
from app.domain.possible import must_be_possible
from app.domain.setting import NODE_RED
from app.domain.site import Site, SiteId
from app.domain.slot import Slot
from app.usecases import ports

LONGEST_DETAIL = 1_000
"""An entry of the log; whoever lays one override over many is told the first of them."""


@dataclass(slots=True)
class Execute:
    """Keeps overrides and outcomes; a change of what is forced is stored together with its entry in the audit log."""

    decisions: ports.Decisions
    overrides: ports.Overrides
    controller_of: Callable[[SiteId], str] = lambda _: NODE_RED
    site_of: Callable[[SiteId], Site | None] = lambda _: None
    """What a house can do; None where nobody knows."""

    def report(self, site: SiteId, decision_id: str, outcome: Outcome, *, by: str | None = None) -> Decision:
        """Store what an executor read back; return the decision with all its outcomes. A simulation is nobody (None).

        Raises:
            NotFoundError: no such decision.
            NotInControlError: somebody else carries this site's decisions out.
        """
        controller = self.controller_of(site)
        if by is not None and by != controller:
            raise NotInControlError(f"site {site} is driven by {controller}; a report from {by} is not taken")
        proves = proved(self.decisions.get(site, decision_id), outcome)
        self.decisions.add_outcome(site, decision_id, replace(outcome, evidence=proves))
        return self.decisions.get(site, decision_id)

    def force(self, site: SiteId, override: Override) -> Override:
        """Force a mode over a span, on top of whatever else is forced in it; that holds again once this ends or is released.

        Raises:
            InvalidInputError: the span is over already, or the house cannot do it; the sentence says the bound.
        """
        house = self.site_of(site)
        if house is not None:
            must_be_possible(house, override.command)
        if override.span.end <= override.set_at:
            raise InvalidInputError(f"the override ends at {override.span.end:%Y-%m-%d %H:%M} UTC, which is over")
        others = self.overrides.between(site, override.span)
        over = "".join(f", {'in place of' if each.span.start == override.span.start else 'over'} {_told(each)}" for each in others)
        entry = AuditEntry(
            at=override.set_at,
            actor=override.set_by,
            action="override.set",
            subject=_name(override.span.start),
            detail=f"{_told(override)}{over}"[:LONGEST_DETAIL],
        )
        newest = on_top(override, others)
        self.overrides.put(site, newest, entry)
        return newest

    def release(self, site: SiteId, start: datetime, *, actor: str, now: datetime) -> None:
        """End an override; what it was laid over holds again.

        Raises:
            NotFoundError: none starts then.
        """
        there = self.overrides.between(site, Slot(start, start + timedelta.resolution))
        detail = "".join(_told(each) for each in there if each.span.start == start)
        entry = AuditEntry(at=now, actor=actor, action="override.removed", subject=_name(start), detail=detail)
        self.overrides.remove(site, start, entry)

    def forced(self, site: SiteId, span: Slot) -> list[Override]:
        """Return the overrides that touch a span, covered or not."""
        return self.overrides.between(site, span)

    def holding(self, site: SiteId, now: datetime) -> Override | None:
        """Return the override that holds now, its span ending where one set later begins."""
        return holding(self.overrides.between(site, ahead(now)), now)


def _told(override: Override) -> str:
    return f"{override.command} from {_name(override.span.start)} until {_name(override.span.end)}"


def _name(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%MZ}"
