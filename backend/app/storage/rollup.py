"""Five-minute means of telemetry: made once a window is over, and again whenever something late came in for it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, delete, func, select, type_coerce
from sqlalchemy.orm import Session

from app.domain.telemetry import MEASURES, ROLLUP, Rolled
from app.storage.database import Database
from app.storage.device_models import RolledRow, RollupDueRow, TelemetryRow
from app.storage.upsert import upsert

GRACE = timedelta(seconds=90)
"""A minute's record leaves the dongle when the minute is over; a window waits for its last one."""
AT_ONCE = 500
"""Devices of a window per transaction."""
MINUTE_S = 60.0
COLUMNS = tuple(getattr(RolledRow, each.name) for each in fields(Rolled))


@dataclass(frozen=True, slots=True)
class RollupStore:
    """The means, and who makes them; several services may."""

    database: Database

    def roll(self, now: datetime) -> int:
        """Make the means of every window that is due and over; return how many were made.

        Raises:
            UnavailableError: the database did not answer; what is left stays due.
        """
        made = 0
        while done := self.database.write(lambda session: _roll(session, now)):
            made += done
        return made

    def between(self, device: str, start: datetime, end: datetime) -> list[Rolled]:
        """Return the means of the windows that start in [start, end), oldest first."""
        asked = select(*COLUMNS).where(RolledRow.device == device, RolledRow.start >= start, RolledRow.start < end)
        return self.database.read(lambda session: [Rolled(**row) for row in session.execute(asked.order_by(RolledRow.start)).mappings()])


def _roll(session: Session, now: datetime) -> int:
    """Take marks away first: a sample that comes meanwhile waits for us and marks its window again."""
    over = RollupDueRow.start <= now - ROLLUP - GRACE
    start = session.scalar(select(func.min(RollupDueRow.start)).where(over))
    if start is None:
        return 0
    marks = select(RollupDueRow.device).where(RollupDueRow.start == start).order_by(RollupDueRow.device).limit(AT_ONCE)
    devices = list(session.scalars(marks.with_for_update(skip_locked=True)))
    if not devices:
        return 0
    session.execute(delete(RollupDueRow).where(RollupDueRow.start == start, RollupDueRow.device.in_(devices)))
    upsert(session, RolledRow, [dict(row) for row in session.execute(_means(devices, start)).mappings()])
    return len(devices)


def _means(devices: Sequence[str], start: datetime) -> Select[Any]:
    """Return means weighted by time: in each minute its record counts, and live samples only where there is none."""
    end_s = type_coerce(TelemetryRow.at, BigInteger) - 1  # the instant of a sample is the end of its span
    minute = (end_s - end_s % 60).label("minute")
    inside = and_(TelemetryRow.device.in_(devices), TelemetryRow.at > start, TelemetryRow.at <= start + ROLLUP)
    is_log = TelemetryRow.seq.is_not(None)
    parts = [part for name in MEASURES for part in _minute_parts(name, getattr(TelemetryRow, name), is_log=is_log)]
    log_s, live_s = _seconds(is_log), _seconds(~is_log)
    covered = case((func.coalesce(log_s, live_s) > MINUTE_S, MINUTE_S), else_=func.coalesce(log_s, live_s)).label("covered_s")
    minutes = select(TelemetryRow.device, minute, covered, *parts).where(inside).group_by(TelemetryRow.device, minute).subquery()
    means = [(func.sum(minutes.c[f"{name}_sum"]) / func.sum(minutes.c[f"{name}_s"])).label(name) for name in MEASURES]
    whole = func.sum(minutes.c.covered_s).label("covered_s")
    stamp = type_coerce(start, RolledRow.start.type).label("start")
    return select(minutes.c.device, stamp, whole, *means).group_by(minutes.c.device).order_by(minutes.c.device)


def _minute_parts(name: str, value: ColumnElement[Any], *, is_log: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    """Return a measure times seconds, and the seconds: of the minute's record, else of the live samples."""
    span, known = TelemetryRow.span_s, value.is_not(None)
    sums = [func.sum(case((and_(which, known), value * span))) for which in (is_log, ~is_log)]
    seconds = [func.sum(case((and_(which, known), span))) for which in (is_log, ~is_log)]
    return [func.coalesce(*sums).label(f"{name}_sum"), func.coalesce(*seconds).label(f"{name}_s")]


def _seconds(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((which, TelemetryRow.span_s)))
