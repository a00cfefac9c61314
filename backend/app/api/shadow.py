"""/shadow: what this system would have done in a house that another controller runs."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import House, Now, Use
from app.api.models import Instant, Out, span
from app.api.savings import TotalOut
from app.api.security import Viewer
from app.ledger.shadow import Week

router = APIRouter(prefix="/shadow", tags=["savings"])


class WeekOut(Out):
    """One local week, Monday to Sunday: actual, ours as simulated, and the baselines."""

    start: Instant
    end: Instant
    cases: list[TotalOut] = Field(description="actual, ours, no_battery, self_use, rules.")
    saved: float = Field(description="How much less ours would have cost than what happened, net.")
    counted_hours: float
    decided_hours: float = Field(description="Hours that a decision of ours covered; the rest is simulated in self-use.")
    anomalies: int


class ShadowOut(Out):
    """The shadow run. Simulated cases see half-hour means, which is a little kinder than a meter.

    While `observing` is false, some of our decisions were carried out: that is no shadow.
    """

    start: Instant
    end: Instant
    currency: str
    observing: bool
    carried_out: int
    weeks: list[WeekOut]


@router.get("")
def shadow(use: Use, house: House, at: Now, _caller: Viewer, start: Instant | None = None, end: Instant | None = None) -> ShadowOut:
    """Score our decisions in the simulated house against what happened, week by week; without a span, over four weeks."""
    wanted = span(start or (end or at) - timedelta(weeks=4), end or at)
    found = use.shadow.run(house.id, wanted)
    return ShadowOut(
        start=wanted.start,
        end=wanted.end,
        currency=house.currency,
        observing=found.observing,
        carried_out=found.carried_out,
        weeks=[_week(each) for each in found.weeks],
    )


def _week(week: Week) -> WeekOut:
    return WeekOut(
        start=week.span.start,
        end=week.span.end,
        cases=[TotalOut.model_validate(each) for each in (week.savings.actual, week.ours, *week.savings.baselines)],
        saved=week.saved,
        counted_hours=week.counted_hours,
        decided_hours=week.decided_hours,
        anomalies=week.savings.count.anomalies,
    )
