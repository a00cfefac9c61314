"""Measurements, each once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Select, select

from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import SiteId
from app.storage.database import Database
from app.storage.models import ReadingRow
from app.storage.upsert import Values, insert_once


@dataclass(frozen=True, slots=True)
class ReadingStore:
    """The measurement history. Device, quantity and instant name a reading; the first one told is kept."""

    database: Database

    def save(self, site: SiteId, readings: Sequence[Reading]) -> int:
        """Store readings once each, in whatever order they arrive; return how many were new."""
        rows = sorted((_values(site, reading) for reading in readings), key=_key)  # one order for all writers: fewer deadlocks
        return self.database.write(lambda session: insert_once(session, ReadingRow, rows)) if rows else 0

    def latest(self, site: SiteId, quantities: Sequence[Quantity], until: datetime) -> dict[Quantity, Reading]:
        """Return the newest reading of each quantity up to an instant, missing ones included."""
        return self._first(NEWEST.where(ReadingRow.site == site, ReadingRow.at <= until), quantities)

    def good(
        self, site: SiteId, quantities: Sequence[Quantity], since: datetime, now: datetime, until: datetime
    ) -> dict[Quantity, Reading]:
        """Return the newest good reading of [since, now] of each quantity; where there is none, the first good one of (now, until].

        The span is short on purpose: behind it, a sensor may have been bad for months.
        """
        here = ReadingRow.site == site, ReadingRow.quality == Quality.GOOD
        found = self._first(NEWEST.where(*here, ReadingRow.at >= since, ReadingRow.at <= now), quantities)
        ahead = FIRST.where(*here, ReadingRow.at > now, ReadingRow.at <= until)
        return self._first(ahead, [each for each in quantities if each not in found]) | found

    def _first(self, asked: Select[ReadingRow], quantities: Sequence[Quantity]) -> dict[Quantity, Reading]:
        """Return the first row of each quantity."""
        queries = [asked.where(ReadingRow.quantity == quantity).limit(1) for quantity in quantities]
        if not queries:
            return {}
        rows = self.database.read(lambda session: [row for query in queries for row in session.scalars(query)])
        return {row.quantity: _reading(row) for row in rows}

    def before(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the newest good and suspect readings of [start, end), oldest first; those of several devices may be among them."""
        rows = select(*COLUMNS).where(ReadingRow.site == site, ReadingRow.quantity == quantity, ReadingRow.quality != Quality.MISSING)
        newest = rows.where(ReadingRow.at >= start, ReadingRow.at < end).order_by(ReadingRow.at.desc(), ReadingRow.device.desc())
        asked = newest.limit(JUDGED_BY)
        return self.database.read(lambda session: [Reading(**row) for row in session.execute(asked).mappings()][::-1])

    def between(self, site: SiteId, quantity: Quantity, start: datetime, end: datetime) -> list[Reading]:
        """Return the good readings of [start, end), oldest first."""
        rows = select(*COLUMNS).where(ReadingRow.site == site, ReadingRow.quantity == quantity, ReadingRow.quality == Quality.GOOD)
        asked = rows.where(ReadingRow.at >= start, ReadingRow.at < end).order_by(ReadingRow.at, ReadingRow.device)
        return self.database.read(lambda session: [Reading(**row) for row in session.execute(asked).mappings()])


NEWEST = select(ReadingRow).order_by(ReadingRow.at.desc(), ReadingRow.device.desc())
FIRST = select(ReadingRow).order_by(ReadingRow.at, ReadingRow.device)
COLUMNS = tuple(getattr(ReadingRow, name.name) for name in fields(Reading))
"""Not whole rows where there are thousands: a week of a meter is read for each forecast."""

JUDGED_BY = 50
"""Readings that a newer one is judged by, of all devices of a site together."""


def _values(site: SiteId, reading: Reading) -> Values:
    return {
        "site": site,
        "quantity": reading.quantity,
        "at": reading.at,
        "device": reading.device,
        "value": reading.value,
        "quality": reading.quality,
        "source": reading.source,
    }


def _key(row: Values) -> tuple[str, float, str]:
    return row["quantity"], row["at"].timestamp(), row["device"]


def _reading(row: ReadingRow) -> Reading:
    return Reading(device=row.device, quantity=row.quantity, at=row.at, value=row.value, quality=row.quality, source=row.source)
