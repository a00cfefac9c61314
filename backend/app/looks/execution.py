"""Execution: whether somebody carries out what is decided, as far as reports tell. Commanded is not done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.decision import Decision
from app.domain.setting import NODE_RED, Preferences
from app.domain.site import SiteId
from app.usecases import ports

SILENT_SLOTS = 2
"""One slot without a report may be a slow inverter or a restart; two are nobody."""
RECENT = timedelta(hours=4)
"""Holds that many whole slots of an hour, with room."""
LONG = timedelta(days=1)
"""How far back a report tells that somebody was there."""


class Carried(StrEnum):
    """Who carries decisions out now."""

    REPORTED = "reported"
    TOO_EARLY = "too_early"
    """Nothing was decided for long enough to tell."""
    NOBODY = "nobody"
    INTERRUPTED = "interrupted"
    """Somebody did within the last day, and is silent since two slots."""
    DRY_RUN = "dry_run"
    OFF = "off"

    @property
    def is_missing(self) -> bool:
        """Whether somebody should and does not."""
        return self in {Carried.NOBODY, Carried.INTERRUPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How it is, when somebody reported last, and what to do about it."""

    carried: Carried
    reported_at: datetime | None
    detail: str
    remedy: str = ""


def execution(decisions: ports.Decisions, site: SiteId, preferences: Preferences, now: datetime) -> Execution:
    """Return whether somebody carries the decisions of a house out.

    Raises:
        UnavailableError: the store is away.
    """
    recent = decisions.between(site, now - RECENT, now)
    if not preferences.enabled:
        return Execution(carried=Carried.OFF, reported_at=None, detail="control is switched off: nothing is carried out")
    if preferences.dry_run:
        return Execution(carried=Carried.DRY_RUN, reported_at=None, detail="dry run: decisions are shown, nothing is carried out")
    if not _is_silent(recent, now):
        at = _last(recent)
        detail = "no report is due yet" if at is None else f"{preferences.controller} reports"
        return Execution(carried=Carried.TOO_EARLY if at is None else Carried.REPORTED, reported_at=at, detail=detail)
    at = _last(decisions.between(site, now - LONG, now))
    remedy = RESTART.get(preferences.controller, DONGLE)
    if at is None:
        detail = f"nobody reports what became of the decisions of the last {SILENT_SLOTS} slots: the battery does what it did before"
        return Execution(carried=Carried.NOBODY, reported_at=None, detail=detail, remedy=remedy)
    detail = f"{preferences.controller} was interrupted: it reported before, and is silent for {SILENT_SLOTS} slots or more"
    return Execution(carried=Carried.INTERRUPTED, reported_at=at, detail=detail, remedy=remedy)


RESTART = {
    NODE_RED: "start the Node-RED flow and look at its log, or name in control.executor who carries decisions out; "
    "to look on only, set control.dry_run"
}
DONGLE = "look at the dongle: its power, its network, its devices; or name another in control.executor"


def _is_silent(decided: Sequence[Decision], now: datetime) -> bool:
    """Tell whether the last slots that are over, and what followed them, have no report."""
    over = sorted({each.slot.start for each in decided if each.slot.end <= now})
    if len(over) < SILENT_SLOTS:
        return False
    return not any(each.outcomes for each in decided if each.slot.start >= over[-SILENT_SLOTS])


def _last(decided: Sequence[Decision]) -> datetime | None:
    return max((outcome.at for each in decided for outcome in each.outcomes), default=None)
