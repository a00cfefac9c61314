"""Forgetting what is too old, little by little, so that nobody waits for a lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.models import DecisionRow, ForecastRow, OverrideRow, PlanRow, PriceRow, PriceVersionRow, ReadingRow
from app.storage.table import Base

BATCH = 200
"""Records per transaction; with a plan go its hundred steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many days each kind is kept; None is for ever, as settings, tokens and the audit log are.

    What savings are computed and explained from stays: prices with their earlier versions, decisions with their outcomes, overrides.
    Readings stay for more than a year, to compare with the same month; forecasts as long as their scores are of use; plans two weeks,
    since a home makes up to 300 a day of a hundred steps each.
    """

    prices: int | None = None
    decisions: int | None = None
    overrides: int | None = None
    readings: int | None = 400
    forecasts: int | None = 90
    plans: int | None = 14


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table, the instant its records age from, and how many days they are kept."""

    row: type[Base]
    at: InstrumentedAttribute[datetime]
    days: int | None


def prune(database: Database, site: SiteId | None, *, now: datetime, keep: Keep | None = None) -> dict[str, int]:
    """Delete what is older than it is kept, of one site or of all (None); return how many records went, by table.

    A plan takes its steps along, a decision its outcomes; they are not counted.

    Raises:
        UnavailableError: the database did not answer; what was deleted so far stays deleted, and the next run goes on.
    """
    return {kind.row.__tablename__: _prune(database, site, kind, now) for kind in _kinds(keep or Keep())}


def _kinds(keep: Keep) -> list[_Kind]:
    return [
        _Kind(PriceRow, PriceRow.start, keep.prices),
        _Kind(PriceVersionRow, PriceVersionRow.start, keep.prices),
        _Kind(DecisionRow, DecisionRow.slot_start, keep.decisions),
        _Kind(OverrideRow, OverrideRow.end, keep.overrides),
        _Kind(ReadingRow, ReadingRow.at, keep.readings),
        _Kind(ForecastRow, ForecastRow.issued_at, keep.forecasts),
        _Kind(PlanRow, PlanRow.created_at, keep.plans),
    ]


def _prune(database: Database, site: SiteId | None, kind: _Kind, now: datetime) -> int:
    if kind.days is None:
        return 0
    before = now - timedelta(days=kind.days)
    column: Any = kind.row.__table__.c.site
    sites = [site] if site is not None else database.read(lambda session: list(session.scalars(select(column).distinct())))
    return sum(_prune_site(database, one, kind, before) for one in sites)


def _prune_site(database: Database, site: str, kind: _Kind, before: datetime) -> int:
    gone = 0
    while batch := database.write(lambda session: _delete_batch(session, site, kind, before)):
        gone += batch
    return gone


def _delete_batch(session: Session, site: str, kind: _Kind, before: datetime) -> int:
    """Delete the oldest records up to and with the instant of the last in a batch; return how many."""
    old = (kind.row.__table__.c.site == site, kind.at < before)
    oldest = list(session.scalars(select(kind.at).where(*old).order_by(kind.at).limit(BATCH)))
    if not oldest:
        return 0
    gone = session.execute(delete(kind.row).where(*old, kind.at <= oldest[-1]), execution_options={"synchronize_session": False})
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result has one
