"""/audit: who changed what, and who was refused."""

from datetime import timedelta

from fastapi import APIRouter

from app.api.deps import House, Now, Use
from app.api.models import Instant, Out, span
from app.api.security import Admin

router = APIRouter(prefix="/audit", tags=["audit"])


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


@router.get("")
def audit(use: Use, house: House, now: Now, _caller: Admin, start: Instant | None = None, end: Instant | None = None) -> AuditOut:
    """Return the log of a span; without one, of the last week."""
    until = end or now + timedelta(seconds=1)
    wanted = span(start or until - timedelta(days=7), until)
    return AuditOut(entries=[EntryOut.model_validate(each) for each in use.audit.between(house.id, wanted.start, wanted.end)])
