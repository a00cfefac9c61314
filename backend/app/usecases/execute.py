"""Execute: what people force, and what became of each command."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.control.evidence import proved
from app.domain.audit import AuditEntry
from app.domain.decision import Decision, Outcome, Override
from app.domain.errors import InvalidInputError, NotFoundError, NotInControlError
from app.domain.possible import possible
from app.domain.setting import NODE_RED
from app.domain.site import Inverter, SiteId
from app.domain.slot import Slot
from app.usecases import ports


@dataclass(slots=True)
class Execute:
    """Keeps overrides and outcomes; every change of either goes to the audit log."""

    decisions: ports.Decisions
    overrides: ports.Overrides
    audit: ports.Audit
    controller_of: Callable[[SiteId], str] = lambda _: NODE_RED
    inverter_of: Callable[[SiteId], Inverter | None] = lambda _: None
    """What a site's inverter can be told; None where nobody knows."""

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
        """Force a mode over a span. What else is forced when it begins to hold ends then: the newest wish is the only one.

        Raises:
            InvalidInputError: the span is over already, or the inverter cannot be told that mode.
        """
        inverter = self.inverter_of(site)
        if inverter is not None and (done := possible(inverter, override.command)).why_not is not None:
            raise InvalidInputError(done.why_not)
        if override.span.end <= override.set_at:
            raise InvalidInputError(f"the override ends at {override.span.end:%Y-%m-%d %H:%M} UTC, which is over")
        for each in self.overrides.between(site, _first_instant(override)):
            if each.span.start != override.span.start:  # one that begins at the same instant is replaced by being put again
                self._end(site, each, by=override)
        self.overrides.put(site, override)
        detail = f"{override.command.mode} until {override.span.end:%Y-%m-%dT%H:%MZ}"
        entry = AuditEntry(
            at=override.set_at, actor=override.set_by, action="override.set", subject=_name(override.span.start), detail=detail
        )
        self.audit.add(site, entry)
        return override

    def _end(self, site: SiteId, older: Override, *, by: Override) -> None:
        """End an override where a newer one begins to hold."""
        begins = _first_instant(by).start
        with suppress(NotFoundError):  # somebody else has just ended it
            if begins > by.set_at:
                self.overrides.put(site, replace(older, span=Slot(older.span.start, begins)))
            else:
                self.overrides.remove(site, older.span.start)
            detail = f"{older.command.mode} ends at {_name(begins)} instead of {_name(older.span.end)}"
            entry = AuditEntry(at=by.set_at, actor=by.set_by, action="override.replaced", subject=_name(older.span.start), detail=detail)
            self.audit.add(site, entry)

    def release(self, site: SiteId, start: datetime, *, actor: str, now: datetime) -> None:
        """End an override.

        Raises:
            NotFoundError: none starts then.
        """
        self.overrides.remove(site, start)
        self.audit.add(site, AuditEntry(at=now, actor=actor, action="override.removed", subject=_name(start)))

    def forced(self, site: SiteId, span: Slot) -> list[Override]:
        """Return the overrides that touch a span."""
        return self.overrides.between(site, span)


def _first_instant(override: Override) -> Slot:
    """Return the first moment in which an override holds."""
    begins = max(override.set_at, override.span.start)
    return Slot(begins, begins + timedelta.resolution)


def _name(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%MZ}"
