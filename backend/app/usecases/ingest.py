"""Ingest: readings pushed by others, read from the house, or fetched from its past. Each is stored once."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.errors import UnavailableError
from app.domain.plausible import Range, judged, ranges
from app.domain.reading import Quality, Quantity, Reading, Refused, timely
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.fleet.dongle_house import DongleHouses
from app.usecases import ports
from app.usecases.home import Homes

LEAST_INTERVAL = timedelta(seconds=50)
"""A house is not asked more often: its own sensors are not newer."""
LOOK_S = 0.7
"""A house that is well has answered by then; whoever waits for it goes on with what is stored."""
BACKFILLED = (Quantity.LOAD_KW, Quantity.SOLAR_KW, Quantity.GRID_KW, Quantity.BATTERY_KW, Quantity.SOC_PCT)
"""What forecasts and the ledger are made from."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a batch: how many of the readings that were taken were new, and what was not taken."""

    taken: Sequence[Reading]
    stored: int
    refused: Sequence[Refused]


@dataclass(slots=True)
class Look:
    """A look at a house, which may still wait for its answer."""

    answer: Future[None]
    is_late: bool = False
    """Somebody has waited in vain: nobody does so any more."""


@dataclass(slots=True)
class Ingest:
    """Stores what is measured. Without a house to look at, readings only come in by push."""

    readings: ports.Readings
    homes: Homes
    beside: Executor
    """Asks houses, each beside the others: nobody who wants an answer waits for one that hangs."""
    dongles: DongleHouses | None = None
    looked_at: dict[SiteId, datetime] = field(default_factory=dict)
    last_error: dict[SiteId, str | None] = field(default_factory=dict)
    looking: dict[SiteId, Look] = field(default_factory=dict)
    """The last look at each house."""
    beginning: threading.Lock = field(default_factory=threading.Lock)
    taking: threading.Lock = field(default_factory=threading.Lock)
    """One at a time keeps what dongles said: what was given out last is what is kept."""
    filled: dict[tuple[SiteId, Quantity], Slot] = field(default_factory=dict)
    """What was fetched from the past; after a restart all is fetched again, since a silence may lie anywhere in it."""
    past_of_dongles: set[SiteId] = field(default_factory=set)
    """Sites whose dongles' past was stored; what comes late later is told as it comes."""

    def push(self, site: SiteId, readings: Sequence[Reading], now: datetime) -> Kept:
        """Store readings somebody sent. One that cannot be of now or of the past is refused, and the rest kept."""
        return self._keep(site, readings, now)

    def look(self, site: SiteId, now: datetime) -> None:
        """Read the house if that was not done just now, and wait a moment for it; what comes later is stored when it comes.

        A house that does not answer is remembered, and its readings age.

        Raises:
            UnavailableError: what dongles said could not be stored.
        """
        if self.dongles is not None and not self._was_looked_at(site, now):
            with self.taking:
                self._keep(site, self.dongles.newest(site, now), now)
                self.dongles.kept()
        self._begin(site, now)
        look = self.looking.get(site)
        if look is None or look.is_late or look.answer.done():
            return
        try:
            look.answer.result(LOOK_S)
        except TimeoutError:
            look.is_late = True

    def waits_for(self, site: SiteId) -> bool:
        """Tell whether the house was asked and has not answered yet."""
        last = self.looking.get(site)
        return last is not None and not last.answer.done()

    def backfill(self, site: SiteId, now: datetime, *, days: int) -> int:
        """Fetch the past of what forecasts and the ledger need that is not stored yet; return how many readings were new.

        Raises:
            UnavailableError: the house did not answer.
        """
        start, stored = now - timedelta(days=days), 0
        if self.dongles is not None and site not in self.past_of_dongles:
            stored += self._keep(site, self.dongles.past(site, start, now), now).stored
            self.past_of_dongles.add(site)
        house = self.homes[site].house
        if house is None:
            return stored
        for quantity in BACKFILLED:
            before = self.filled.get((site, quantity))
            goes_on = before is not None and before.start <= start < before.end < now
            start_from = before.end if before is not None and goes_on else start
            stored += self._keep(site, house.history(quantity, start_from, now), now).stored
            first = before.start if before is not None and goes_on else start
            self.filled[site, quantity] = Slot(first, now)
        return stored

    def _was_looked_at(self, site: SiteId, now: datetime) -> bool:
        last = self.looked_at.get(site)
        return last is not None and timedelta(0) <= now - last < LEAST_INTERVAL

    def _begin(self, site: SiteId, now: datetime) -> None:
        """Begin to read a house, if there is one and it is time."""
        house = self.homes[site].house
        with self.beginning:
            if house is None or self.waits_for(site) or self._was_looked_at(site, now):
                return
            self.looked_at[site] = now
            self.looking[site] = look = Look(self.beside.submit(self._read, site, house, now))
        look.answer.add_done_callback(lambda ended: _tell(site, ended))

    def _read(self, site: SiteId, house: ports.House, now: datetime) -> None:
        try:
            seen = house.read(now)
        except UnavailableError as error:
            self.last_error[site] = str(error)
            return
        refused = self._keep(site, seen, now).refused
        self.last_error[site] = "; ".join(each.why for each in refused) or None

    def _keep(self, site: SiteId, readings: Sequence[Reading], now: datetime) -> Kept:
        """Store what can be true; whatever way a reading comes in, it comes through here."""
        taken, refused = timely(readings, now)
        if refused:
            log.warning("site %s: %d readings are not taken: %s", site, len(refused), refused[0].why)
        taken = self._judged(site, taken)
        return Kept(taken=taken, stored=self.readings.save(site, taken), refused=refused)

    def _judged(self, site: SiteId, readings: Sequence[Reading]) -> list[Reading]:
        """Return readings with the quality that this house, and what it told before, give them."""
        possible = ranges(self.homes[site].site)
        before = [each for quantity, span in possible.items() for each in self._before(site, quantity, span, readings)]
        return judged(readings, possible, before)

    def _before(self, site: SiteId, quantity: Quantity, possible: Range, readings: Sequence[Reading]) -> list[Reading]:
        """Return what the readings of one quantity are compared with."""
        instants = [each.at for each in readings if each.quantity is quantity and each.quality is Quality.GOOD]
        if possible.jump is None or not instants:
            return []
        first = min(instants)
        return self.readings.before(site, quantity, first - possible.memory, first)


def _tell(site: SiteId, ended: Future[None]) -> None:
    """Log what went wrong: perhaps nobody waits for it any more."""
    error = None if ended.cancelled() else ended.exception()
    if error is not None:
        log.error(
            "site %s: what its house said was not kept: %s", site, error, exc_info=None if isinstance(error, UnavailableError) else error
        )
