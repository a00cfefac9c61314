"""Samples of dongles, each once, with the newest of each device and what their five minutes are due."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.telemetry import ROLLUP, Sample, window
from app.storage.database import Database
from app.storage.device_models import DeviceStateRow, RollupDueRow, TelemetryRow
from app.storage.upsert import Values, insert_once, upsert_newer

NAMES = tuple(each.name for each in fields(Sample))
COLUMNS = tuple(getattr(TelemetryRow, name) for name in NAMES)


@dataclass(slots=True)
class TelemetryStore:
    """The raw telemetry. Device and instant name a sample; the first one told is kept."""

    database: Database
    newest: dict[str, datetime] = field(default_factory=dict)
    """The instant of each device's newest sample, so that an old one does not trouble its state."""
    marked: dict[datetime, set[str]] = field(default_factory=dict)
    """Open windows that are marked as due already."""

    def save(self, samples: Sequence[Sample], received_at: datetime) -> int:
        """Store samples, whatever their order, mark their windows as due and keep the newest as state; return how many were new.

        Raises:
            InvalidInputError: the database would not take one of them; none was stored.
            UnavailableError: the database did not answer; nothing was stored, unless the answer to the commit was lost.
        """
        ordered = sorted(samples, key=_key)  # one order for all writers: fewer deadlocks
        rows = [_values(sample, received_at) for sample in ordered]
        windows = {(window(sample), sample.device) for sample in ordered}
        due = sorted((start, device) for start, device in windows if device not in self.marked.get(start, ()))
        latest = {sample.device: n for n, sample in enumerate(ordered) if sample.at >= self.newest.get(sample.device, sample.at)}
        state = [rows[n] for n in latest.values()]
        marks = [{"start": start, "device": device} for start, device in due]

        def work(session: Session) -> int:
            new = insert_once(session, TelemetryRow, rows)
            insert_once(session, RollupDueRow, marks)
            upsert_newer(session, DeviceStateRow, state, by="at")
            return new

        new = self.database.write(work) if rows else 0
        self.newest |= {device: ordered[n].at for device, n in latest.items()}
        self._remember(due, received_at)
        return new

    def between(self, device: str, start: datetime, end: datetime, *, only_log: bool = False) -> list[Sample]:
        """Return the samples of [start, end), oldest first."""
        asked = select(*COLUMNS).where(TelemetryRow.device == device, TelemetryRow.at >= start, TelemetryRow.at < end)
        if only_log:
            asked = asked.where(TelemetryRow.seq.is_not(None))
        return self._samples(asked.order_by(TelemetryRow.at))

    def records(self, device: str, first_seq: int, before_seq: int) -> list[Sample]:
        """Return the records of a device's log with a `seq` in [first, before), in order."""
        asked = select(*COLUMNS).where(TelemetryRow.device == device, TelemetryRow.seq >= first_seq, TelemetryRow.seq < before_seq)
        return self._samples(asked.order_by(TelemetryRow.seq))

    def seqs(self, device: str, first_seq: int, *, limit: int, since: datetime | None = None) -> list[int]:
        """Return the numbers of the records stored from one on, in order; those only that came in since an instant, if one is given."""
        asked = select(TelemetryRow.seq).where(TelemetryRow.device == device, TelemetryRow.seq >= first_seq)
        if since is not None:
            asked = asked.where(TelemetryRow.received_at >= since)
        found = asked.order_by(TelemetryRow.seq).limit(limit)
        return self.database.read(lambda session: [int(seq) for seq in session.scalars(found) if seq is not None])

    def _samples(self, asked: Select[Any]) -> list[Sample]:
        return self.database.read(lambda session: [Sample(**row) for row in session.execute(asked).mappings()])

    def _remember(self, due: Sequence[tuple[datetime, str]], now: datetime) -> None:
        """Remember marks of windows that are open: nobody rolls them up, and so nobody deletes their marks."""
        for start in [start for start in self.marked if start + ROLLUP <= now]:
            del self.marked[start]
        for start, device in due:
            if start <= now < start + ROLLUP:
                self.marked.setdefault(start, set()).add(device)


def _key(sample: Sample) -> tuple[str, datetime]:
    return sample.device, sample.at


def _values(sample: Sample, received_at: datetime) -> Values:
    return {name: getattr(sample, name) for name in NAMES} | {"received_at": received_at}
