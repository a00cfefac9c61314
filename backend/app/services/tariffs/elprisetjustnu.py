"""Elpriset just nu: Sweden's day-ahead prices by bidding area, in kronor per kWh without VAT. Free; it asks to be named as the source."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from app.document.strict import Url
from app.domain.errors import UnavailableError
from app.domain.price import Direction, Price
from app.domain.slot import Slot, local_day
from app.services.patience import SAID_LENGTH, get_once, patiently, refuse_temporary
from app.services.tariffs.source import OneWay, PriceSource, Tools

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PUBLISHED_AT, LATENESS = clock_time(13), timedelta(minutes=90)
"""Results of the auction come about 13:00, on a bad day later."""
ABSURD_SEK = 100.0
"""Twice what the auction's own ceiling comes to: beyond it the number is in another unit."""


class ElprisetJustNu(PriceSource):
    """Sweden's day-ahead price in a bidding area, without VAT: `retail` makes it what the house pays."""

    shared: ClassVar[bool] = True
    source: Literal["elprisetjustnu"] = "elprisetjustnu"
    area: Literal["SE1", "SE2", "SE3", "SE4"]
    base_url: Url = "https://www.elprisetjustnu.se/api/v1/prices/"

    def open(self, direction: Direction, tools: Tools) -> OneWay:
        """Return the area's prices."""
        return SpotPrices(http=tools.http(self.base_url), area=self.area, direction=direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPrices:
    """A bidding area's prices: quarter-hours, hours before October 2025."""

    http: httpx.Client
    area: str
    direction: Direction
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        return f"elprisetjustnu {self.area}"

    @property
    def told_as(self) -> str:
        """What its prices name as their source."""
        return self.name

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end), oldest first, in SEK per kWh without VAT.

        Raises:
            UnavailableError: no useful answer.
        """
        return [price for day in _days(start, end) for price in self._day(day) if start < price.slot.end and price.slot.start < end]

    def published_until(self, now: datetime) -> datetime:
        """Return the end of the last local day whose prices should be out by now."""
        local = (now - LATENESS).astimezone(STOCKHOLM)
        return local_day(local.date() + timedelta(days=local.time() >= PUBLISHED_AT), STOCKHOLM).end

    def _day(self, day: date) -> list[Price]:
        """Return the prices of a local day, none while they are not out."""
        path, what = f"{day:%Y/%m-%d}_{self.area}.json", f"{self.name} of {day}"
        reply = patiently(lambda: _accepted(get_once(self.http, path, what=what), what), what=what, sleep=self.sleep)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return []
        try:
            rows = _ROWS.validate_json(reply.content)
        except ValidationError as error:
            raise UnavailableError(f"{what}: the reply makes no sense: {error.errors()[0]['msg']}") from error
        _must_fill(day, rows, what)
        return [
            Price(slot=row.slot, direction=self.direction, per_kwh=row.SEK_per_kWh, source=self.told_as, currency="SEK")
            for row in sorted(rows, key=lambda each: each.time_start)
        ]


class _Row(BaseModel):
    SEK_per_kWh: float = Field(ge=-ABSURD_SEK, le=ABSURD_SEK, allow_inf_nan=False, strict=True)
    time_start: AwareDatetime
    time_end: AwareDatetime

    @property
    def slot(self) -> Slot:
        return Slot(self.time_start.astimezone(UTC), self.time_end.astimezone(UTC))


_ROWS = TypeAdapter(list[_Row])


def _accepted(reply: httpx.Response, what: str) -> httpx.Response:
    """Return a reply that is a success, or says that a day is not out."""
    refuse_temporary(reply)
    if reply.is_success or reply.status_code == httpx.codes.NOT_FOUND:
        return reply
    raise UnavailableError(f"{what}: HTTP {reply.status_code} {reply.text[:SAID_LENGTH]}")


def _must_fill(day: date, rows: list[_Row], what: str) -> None:
    """Raise unless the rows follow each other over the whole local day, of 23, 24 or 25 hours."""
    whole, at = local_day(day, STOCKHOLM), None
    for row in sorted(rows, key=lambda each: each.time_start):
        if row.time_end <= row.time_start or (at or whole.start) != row.time_start:
            raise UnavailableError(f"{what}: the rows have a hole or an overlap at {row.time_start}")
        at = row.time_end
    if at != whole.end:
        raise UnavailableError(f"{what}: {len(rows)} rows do not fill the day")


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = start.astimezone(STOCKHOLM).date()
    while local_day(day, STOCKHOLM).start < end:
        yield day
        day += timedelta(days=1)
