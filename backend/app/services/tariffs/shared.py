"""Answers that houses share: what one of them fetched a moment ago the next one need not fetch again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.price import Direction, Price
from app.domain.slot import Slot
from app.services.tariffs.source import OneWay, PriceSource, Tools

FRESH_FOR = timedelta(minutes=4)
"""Shorter than the shortest rhythm in which a house asks for prices."""


@dataclass(slots=True)
class SharedSource:
    """One direction of a source that several houses ask."""

    source: OneWay
    clock: Callable[[], datetime]
    covers: Slot | None = None
    fetched: list[Price] = field(default_factory=list)
    fetched_at: datetime | None = None
    answers: int = 0
    """How many there were; the last of them is kept."""
    asking: threading.Lock = field(default_factory=threading.Lock)

    def prices(self, start: datetime, end: datetime, *, seen: int) -> tuple[list[Price], int]:
        """Return what is published of [start, end), and which answer it is: another one's of a moment ago where that covers it.

        Raises:
            UnavailableError: the source did not answer usefully; the next one asks again.
        """
        with self.asking:
            if seen == self.answers or not self._is_fresh(start, end):
                self.fetched = self.source.prices(start, end)
                self.covers, self.fetched_at = Slot(start, end), self.clock()
                self.answers += 1
            return [price for price in self.fetched if start < price.slot.end and price.slot.start < end], self.answers

    def _is_fresh(self, start: datetime, end: datetime) -> bool:
        if self.covers is None or self.fetched_at is None or not timedelta(0) <= self.clock() - self.fetched_at < FRESH_FOR:
            return False
        return self.covers.start <= start and end <= self.covers.end + FRESH_FOR


@dataclass(slots=True)
class Share:
    """One house's part in a shared source. It is given each answer once: who asks again wants to know anew."""

    shared: SharedSource
    seen: int = 0

    @property
    def name(self) -> str:
        """What it is called in messages and records."""
        return self.shared.source.name

    @property
    def told_as(self) -> str:
        """What its prices name as their source."""
        return self.shared.source.told_as

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end); fetched a moment ago for another house where that covers it.

        Raises:
            UnavailableError: the source did not answer usefully.
        """
        found, self.seen = self.shared.prices(start, end, seen=self.seen)
        return found

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which the source should have published by now."""
        return self.shared.source.published_until(now)


@dataclass(slots=True)
class SharedAnswers:
    """The sources of the service that houses share, by what is asked of them."""

    sources: dict[tuple[str, Direction, str], SharedSource] = field(default_factory=dict)
    opening: threading.Lock = field(default_factory=threading.Lock)

    def of(self, options: PriceSource, direction: Direction, tools: Tools) -> OneWay:
        """Return a direction of a source: one for all houses that say the same of it, where its kind is shared."""
        if not options.shared:
            return options.open(direction, tools)
        key = options.model_dump_json(exclude={"retail"}), direction, tools.currency
        with self.opening:
            if key not in self.sources:
                self.sources[key] = SharedSource(source=options.open(direction, tools), clock=tools.clock)
            return Share(self.sources[key])
