"""Ingest: readings pushed by others, read from the house, or fetched from its past. Each is stored once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.errors import UnavailableError
from app.domain.plausible import Range, judged, ranges
from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import SiteId
from app.domain.slot import Slot
from app.fleet.dongle_house import DongleHouses
from app.usecases import ports
from app.usecases.home import Homes

LEAST_INTERVAL = timedelta(seconds=50)
"""A house is not asked more often: its own sensors are not newer."""
BACKFILLED = (Quantity.LOAD_KW, Quantity.SOLAR_KW, Quantity.GRID_KW, Quantity.BATTERY_KW, Quantity.SOC_PCT)
"""What forecasts and the ledger are made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a batch: the readings as they were judged, and how many of them were new."""

    taken: Sequence[Reading]
    stored: int


@dataclass(slots=True)
class Ingest:
    """Stores what is measured. Without a house to look at, readings only come in by push."""

    readings: ports.Readings
    homes: Homes
    dongles: DongleHouses | None = None
    looked_at: dict[SiteId, datetime] = field(default_factory=dict)
    last_error: dict[SiteId, str | None] = field(default_factory=dict)
    filled: dict[tuple[SiteId, Quantity], Slot] = field(default_factory=dict)
    """What was fetched from the past; after a restart all is fetched again, since a silence may lie anywhere in it."""
    past_of_dongles: set[SiteId] = field(default_factory=set)
    """Sites whose dongles' past was stored; what comes late later is told as it comes."""

    def push(self, site: SiteId, readings: Sequence[Reading]) -> Kept:
        """Store readings somebody sent."""
        return self._keep(site, readings)

    def look(self, site: SiteId, now: datetime) -> None:
        """Read the house if that was not done just now. A house that does not answer is remembered, and its readings age.

        Raises:
            UnavailableError: the store is away.
        """
        last = self.looked_at.get(site)
        if last is not None and now - last < LEAST_INTERVAL:
            return
        if self.dongles is not None:
            self._keep(site, self.dongles.newest(site, now))
            self.dongles.kept()
        house = self.homes[site].house
        if house is None:
            return
        self.looked_at[site] = now
        try:
            seen = house.read(now)
        except UnavailableError as error:
            self.last_error[site] = str(error)
            return
        self.last_error[site] = None
        self._keep(site, seen)

    def backfill(self, site: SiteId, now: datetime, *, days: int) -> int:
        """Fetch the past of what forecasts and the ledger need that is not stored yet; return how many readings were new.

        Raises:
            UnavailableError: the house did not answer.
        """
        start, stored = now - timedelta(days=days), 0
        if self.dongles is not None and site not in self.past_of_dongles:
            stored += self._keep(site, self.dongles.past(site, start, now)).stored
            self.past_of_dongles.add(site)
        house = self.homes[site].house
        if house is None:
            return stored
        for quantity in BACKFILLED:
            before = self.filled.get((site, quantity))
            goes_on = before is not None and before.start <= start < before.end < now
            start_from = before.end if before is not None and goes_on else start
            stored += self._keep(site, house.history(quantity, start_from, now)).stored
            first = before.start if before is not None and goes_on else start
            self.filled[site, quantity] = Slot(first, now)
        return stored

    def _keep(self, site: SiteId, readings: Sequence[Reading]) -> Kept:
        """Store what was told; whatever way a reading comes in, it comes through here."""
        taken = self._judged(site, readings)
        return Kept(taken=taken, stored=self.readings.save(site, taken))

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
