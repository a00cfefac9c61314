"""Prices, and what they were before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, inspect, select
from sqlalchemy.orm import Session

from app.domain.price import Direction, Price, Provenance, weakest
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.storage.columns import to_places
from app.storage.database import Database
from app.storage.models import PriceFetchRow, PriceRow, PriceVersionRow
from app.storage.upsert import Values, insert_once, upsert

type Key = tuple[datetime, Direction]

TICK = timedelta(microseconds=1)
"""The shortest time a column keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPrice:
    """A price that held from `fetched_at` until `replaced_at`."""

    price: Price
    fetched_at: datetime
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class PriceStore:
    """The price history, to 6 places."""

    database: Database

    def save(self, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
        """Store prices; return how many were new or changed.

        Start and direction name a slot's price. One that changes is kept as a version. An estimate never replaces a price that was told,
        nor a made-up price a published one, nor another source's price one that was published for a slot that is over: what was paid is
        not changed by another tariff, only corrected by its own.
        """
        return self.database.write(lambda session: _save(session, site, prices, fetched_at)) if prices else 0

    def withdraw(self, site: SiteId, gone: Sequence[Price], at: datetime) -> int:
        """Take prices back that nobody tells any more; return how many went.

        Each is kept as a version. One that is over by then stays, for it was paid, and so does one that was told anew meanwhile.
        """
        return self.database.write(lambda session: _withdraw(session, site, gone, at)) if gone else 0

    def between(self, site: SiteId, start: datetime, end: datetime, direction: Direction | None = None) -> list[Price]:
        """Return the prices whose slot starts in [start, end), oldest first."""
        wanted = list(Direction) if direction is None else [direction]
        columns = (
            PriceRow.start,
            PriceRow.end,
            PriceRow.direction,
            PriceRow.per_kwh,
            PriceRow.provenance,
            PriceRow.source,
            PriceRow.currency,
        )
        rows = select(*columns).where(PriceRow.site == site, PriceRow.start >= start, PriceRow.start < end)
        asked = rows.where(PriceRow.direction.in_(wanted)).order_by(PriceRow.start, PriceRow.direction)
        return self.database.read(lambda session: [_price(row) for row in session.execute(asked)])

    def last_fetched(self, site: SiteId) -> datetime | None:
        """Return when prices were stored last: another instant after each time, whatever the clocks of those who stored them say."""
        asked = select(PriceFetchRow.fetched_at).where(PriceFetchRow.site == site)
        return self.database.read(lambda session: session.scalar(asked))

    def earlier(self, site: SiteId, start: datetime, end: datetime) -> list[EarlierPrice]:
        """Return the prices of slots starting in [start, end) that hold no longer, by slot, oldest version first."""
        rows = select(PriceVersionRow).where(PriceVersionRow.site == site, PriceVersionRow.start >= start, PriceVersionRow.start < end)
        asked = rows.order_by(PriceVersionRow.start, PriceVersionRow.direction, PriceVersionRow.version)
        return self.database.read(lambda session: [_earlier(row) for row in session.scalars(asked)])


def _save(session: Session, site: SiteId, prices: Sequence[Price], fetched_at: datetime) -> int:
    _lock(session, site, fetched_at)
    held = _held(session, site, prices)
    wanted = _wanted(held, prices, fetched_at)
    replaced = [held[key] for key in wanted if key in held]
    insert_once(session, PriceVersionRow, [_version(row, fetched_at) for row in replaced])
    next_version = _next_versions(session, site, wanted) | {key: held[key].version + 1 for key in wanted if key in held}
    upsert(session, PriceRow, [_values(site, price, fetched_at, next_version.get(key, 0)) for key, price in wanted.items()])
    return len(wanted)


def _withdraw(session: Session, site: SiteId, gone: Sequence[Price], at: datetime) -> int:
    _note(session, site, None)
    held = _held(session, site, gone)
    rows = [row for price in gone if (row := held.get((price.slot.start, price.direction))) and row.end > at and _says(row, price)]
    insert_once(session, PriceVersionRow, [_version(row, at) for row in rows])
    for row in rows:
        session.delete(row)
    return len(rows)


def _says(row: PriceRow, price: Price) -> bool:
    """Tell whether a row still is the price that somebody read."""
    return (row.end, row.per_kwh, row.provenance, row.source) == (price.slot.end, price.per_kwh, price.provenance, price.source)


def _next_versions(session: Session, site: SiteId, wanted: Mapping[Key, Price]) -> dict[Key, int]:
    """Return the number that follows a slot's earlier versions, where there are any: a price that was withdrawn may be told again."""
    if not wanted:
        return {}
    of, last = (PriceVersionRow.start, PriceVersionRow.direction), func.max(PriceVersionRow.version)
    starts = [start for start, _ in wanted]
    span = PriceVersionRow.site == site, PriceVersionRow.start >= min(starts), PriceVersionRow.start <= max(starts)
    return {(start, direction): version + 1 for start, direction, version in session.execute(select(*of, last).where(*span).group_by(*of))}


def _lock(session: Session, site: SiteId, fetched_at: datetime) -> None:
    """Let one thread at a time store prices of a site, and note when: later than ever before, so that nobody takes old prices for new."""
    if not insert_once(session, PriceFetchRow, [{"site": site, "fetched_at": fetched_at}]):
        _note(session, site, fetched_at)


def _note(session: Session, site: SiteId, fetched_at: datetime | None) -> None:
    """Note under the lock when prices were stored; without an instant nothing was fetched, and it only becomes another one than before."""
    before = session.scalars(select(PriceFetchRow.fetched_at).where(PriceFetchRow.site == site).with_for_update()).one_or_none()
    if before is not None:
        upsert(session, PriceFetchRow, [{"site": site, "fetched_at": max(before + TICK, fetched_at or before)}])


def _held(session: Session, site: SiteId, prices: Sequence[Price]) -> dict[Key, PriceRow]:
    """Return what is stored in the span of some prices."""
    first, last = min(price.slot.start for price in prices), max(price.slot.start for price in prices)
    asked = select(PriceRow).where(PriceRow.site == site, PriceRow.start >= first, PriceRow.start <= last)
    return {(row.start, row.direction): row for row in session.scalars(asked)}


def _wanted(held: dict[Key, PriceRow], prices: Sequence[Price], fetched_at: datetime) -> dict[Key, Price]:
    """Return the prices that change something, by slot, oldest first; of two in one call the published or else the later one."""
    now = {key: _price(row) for key, row in held.items()}
    wanted: dict[Key, Price] = {}
    for price in prices:
        key = (price.slot.start, price.direction)
        if _changes(now.get(key), price, fetched_at):
            now[key] = wanted[key] = price
    return dict(sorted(wanted.items()))


def _changes(old: Price | None, new: Price, fetched_at: datetime) -> bool:
    if old is None:
        return True
    if weakest((old.provenance, new.provenance)) is not old.provenance:
        return False  # a guess never replaces what was told, nor something made up what was published
    if old.provenance is new.provenance is Provenance.PUBLISHED and old.slot.end <= fetched_at and new.source != old.source:
        return False
    return old != replace(new, per_kwh=to_places(new.per_kwh), currency=new.currency if old.currency else None)


def _price(row: PriceRow | PriceVersionRow | Row[*tuple[Any, ...]]) -> Price:
    slot = Slot(row.start, row.end)
    return Price(
        slot=slot, direction=row.direction, per_kwh=row.per_kwh, provenance=row.provenance, source=row.source, currency=row.currency
    )


def _earlier(row: PriceVersionRow) -> EarlierPrice:
    return EarlierPrice(price=_price(row), fetched_at=row.fetched_at, replaced_at=row.replaced_at)


def _values(site: SiteId, price: Price, fetched_at: datetime, version: int) -> Values:
    return {
        "site": site,
        "start": price.slot.start,
        "direction": price.direction,
        "end": price.slot.end,
        "per_kwh": price.per_kwh,
        "provenance": price.provenance,
        "source": price.source,
        "currency": price.currency,
        "fetched_at": fetched_at,
        "version": version,
    }


def _version(row: PriceRow, replaced_at: datetime) -> Values:
    return {column.key: getattr(row, column.key) for column in inspect(PriceRow).column_attrs} | {"replaced_at": replaced_at}
