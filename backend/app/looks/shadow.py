"""Shadow: score what this system would have done in a house that another controller runs, without touching it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import InvalidInputError
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.ledger.shadow import Week, shadow
from app.usecases import ports
from app.usecases.home import Homes

LONGEST_SLOT = timedelta(days=1)
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRun:
    """Week by week what happened, what ours would have made of it, and the baselines."""

    span: Slot
    observing: bool
    """Whether somebody else really ran the house: dry run is on, or nobody reported carrying out a decision of ours."""
    carried_out: int
    """Decisions somebody reported as carried out: those weeks are no shadow."""
    weeks: tuple[Week, ...]


@dataclass(slots=True)
class Shadow:
    """Runs our recorded decisions through the simulated house."""

    homes: Homes
    ledger: ports.Ledger
    decisions: ports.Decisions

    def run(self, site: SiteId, span: Slot) -> ShadowRun:
        """Return the shadow run over the settled slots of a span.

        Raises:
            InvalidInputError: the span is longer than a year.
        """
        if span.end - span.start > LONGEST:
            raise InvalidInputError(f"a shadow run covers at most {LONGEST.days} days")
        slots = self.ledger.between(site, span.start, span.end)
        decisions = self.decisions.between(site, span.start - LONGEST_SLOT, span.end)
        carried_out = sum(bool(each.outcomes) for each in decisions if each.slot.start >= span.start)
        return ShadowRun(
            span=span,
            observing=self.homes[site].preferences.writes_nothing or carried_out == 0,
            carried_out=carried_out,
            weeks=tuple(shadow(self.homes[site].site, slots, decisions)),
        )


def last_weeks(now: datetime, weeks: int) -> Slot:
    """Return the last weeks up to now."""
    return Slot(now - timedelta(weeks=weeks), now)
