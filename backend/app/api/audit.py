"""/audit: who changed what, and who was refused."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.deps import House, Now, SeesStrangers, Use
from app.api.models import Instant, Out, span
from app.api.security import Admin
from app.domain.access import ALL_SITES

router = APIRouter(prefix="/audit", tags=["audit"])

MOST_ENTRIES = 5_000


class EntryOut(Out):
    """One entry of the log."""

    at: Instant
    actor: str
    action: str
    subject: str
    detail: str


class AuditOut(Out):
    """Entries, oldest first."""

    entries: list[EntryOut]
    more: bool = Field(description="The span has older ones: ask again with an `end` just after the first one's `at`.")


@router.get("")
def audit(
    use: Use,
    house: House,
    now: Now,
    _caller: Admin,
    sees_service: SeesStrangers,
    *,
    start: Instant | None = None,
    end: Instant | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="At most so many, the newest of the span.")] = MOST_ENTRIES,
) -> AuditOut:
    """Return the newest of the log of a span; without one, of the last week. Where one is for all houses, the service's own is in it."""
    until = end or now + timedelta(seconds=1)
    wanted = span(start or until - timedelta(days=7), until)
    found = use.audit.between(house.id, wanted.start, wanted.end, newest=limit + 1)
    if sees_service:
        found = sorted([*found, *use.audit.between(ALL_SITES, wanted.start, wanted.end, newest=limit + 1)], key=lambda each: each.at)
    return AuditOut(entries=[EntryOut.model_validate(each) for each in found[-limit:]], more=len(found) > limit)
