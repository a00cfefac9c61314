"""Days of telemetry: on MariaDB each is a partition, made ahead and dropped whole; on SQLite old rows are deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.storage.database import Database
from app.storage.device_models import RolledRow, TelemetryRow

AHEAD = 3
"""Days that are there before they begin. Days on which nobody ran share the partition of the next one."""
BATCH = 5_000
REST = "p_rest"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TelemetryDays:
    """Keeps days of raw telemetry and of its means, and forgets older ones."""

    database: Database
    raw_days: int
    rolled_days: int

    def keep(self, now: datetime) -> dict[str, int]:
        """Make the days ahead and forget the old ones; return how many partitions or rows went, by table.

        Raises:
            UnavailableError: the database did not answer.
        """
        before = now - timedelta(days=self.raw_days)
        if self.database.engine.dialect.name == "mysql":
            gone = self.database.write(lambda session: _cut(session, now, before))
        else:
            gone = self._delete(TelemetryRow, before)
        return {"telemetry": gone, "telemetry_5min": self._delete(RolledRow, now - timedelta(days=self.rolled_days))}

    def _delete(self, row: type[TelemetryRow | RolledRow], before: datetime) -> int:
        gone = 0
        while batch := self.database.write(lambda session: _delete_batch(session, row, before)):
            gone += batch
        return gone


def _cut(session: Session, now: datetime, before: datetime) -> int:
    """Drop partitions that are wholly too old, and cut the days that are missing off the rest."""
    ends = _ends(session)
    old = [name for name, end in ends.items() if end <= before]
    if old:
        session.execute(text(f"ALTER TABLE telemetry DROP PARTITION {', '.join(old)}"))
    first = max((end for name, end in ends.items() if name not in old), default=_day(now))
    days = [_day(now) + n * DAY for n in range(AHEAD + 1)]
    missing = [start for start in days if start >= first]
    if missing:
        cut = ", ".join(f"PARTITION p{start:%Y%m%d} VALUES LESS THAN ({int((start + DAY).timestamp())})" for start in missing)
        rest = f"PARTITION {REST} VALUES LESS THAN MAXVALUE"
        session.execute(text(f"ALTER TABLE telemetry REORGANIZE PARTITION {REST} INTO ({cut}, {rest})"))
    return len(old)


def _ends(session: Session) -> dict[str, datetime]:
    """Return the end of each day that has a partition."""
    asked = text(
        "SELECT partition_name, partition_description FROM information_schema.partitions "
        "WHERE table_schema = DATABASE() AND table_name = 'telemetry' AND partition_name <> :rest"
    )
    return {name: datetime.fromtimestamp(int(end), UTC) for name, end in session.execute(asked, {"rest": REST})}


def _day(instant: datetime) -> datetime:
    return datetime.fromtimestamp(instant.timestamp() // 86400 * 86400, UTC)


def _delete_batch(session: Session, row: type[TelemetryRow | RolledRow], before: datetime) -> int:
    at = TelemetryRow.at if row is TelemetryRow else RolledRow.start
    oldest = session.scalars(select(at).where(at < before).order_by(at).limit(BATCH)).all()
    if not oldest:
        return 0
    gone = session.execute(delete(row).where(at <= oldest[-1], at < before), execution_options={"synchronize_session": False})
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result has one
