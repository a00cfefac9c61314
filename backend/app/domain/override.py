"""Which of the overrides holds: they lie one over another like sheets, the one set last on top."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.decision import MAX_OVERRIDE_HOURS, Override
from app.domain.slot import Slot


def ahead(now: datetime) -> Slot:
    """Return the span in which every override lies that holds now, or begins before that one ends."""
    return Slot(now, now + timedelta(hours=MAX_OVERRIDE_HOURS))


def holding(overrides: Iterable[Override], instant: datetime) -> Override | None:
    """Return the one set last of those that cover an instant, its span ending where one that was set later begins.

    What a newer one covers is not lost: it holds again once that ends or is released.
    """
    known = sorted(overrides, key=_rank)
    top = next((n for n in reversed(range(len(known))) if known[n].span.contains(instant)), None)
    if top is None:
        return None
    found = known[top]
    over = [each.span.start for each in known[top + 1 :] if instant < each.span.start < found.span.end]
    return replace(found, span=Slot(found.span.start, min([found.span.end, *over])))


def on_top(override: Override, others: Iterable[Override]) -> Override:
    """Return an override as set later than others, also where a clock was set back in between."""
    newest = max((each.set_at for each in others), default=None)
    if newest is None or newest < override.set_at:
        return override
    return replace(override, set_at=newest + timedelta.resolution)


def _rank(override: Override) -> tuple[datetime, datetime]:
    return override.set_at, override.span.start
