"""Bring in a house's past from before it was looked at: what meters, statistics or a file say of whole intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.reading import Metered, Quality, Quantity, Reading, reading
from app.domain.site import SiteId
from app.usecases import ports

STEP = timedelta(minutes=15)
"""A mean power is stored this often within its interval: as long as forecasts let a reading stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How many intervals there were, how many were new, already measured or impossible, and the span of the new ones."""

    told: int
    new: int
    measured: int
    impossible: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class BringPast:
    """Stores the mean power of past intervals. What the house itself measured wins over what is brought in later."""

    readings: ports.Readings

    def run(self, site: SiteId, past: Sequence[Metered], *, source: str) -> Brought:
        """Store the intervals in which nothing was measured yet; the same may be brought in again and again.

        Raises:
            UnavailableError: the store did not answer.
        """
        taken = {quantity: self._measured(site, [each for each in past if each.quantity is quantity]) for quantity in _quantities(past)}
        free = [each for each in past if not any(each.slot.contains(at) for at in taken[each.quantity].get(_hour(each.slot.start), ()))]
        good = [each for each in free if _reading(each, each.slot.start, source).quality is Quality.GOOD]
        self.readings.save(site, [_reading(each, at, source) for each in good for at in _instants(each)])
        return Brought(
            told=len(past),
            new=len(good),
            measured=len(past) - len(free),
            impossible=len(free) - len(good),
            first=min((each.slot.start for each in good), default=None),
            last=max((each.slot.end for each in good), default=None),
        )

    def _measured(self, site: SiteId, past: Sequence[Metered]) -> dict[datetime, list[datetime]]:
        """Return when something was measured, by the hour."""
        start, end = min(each.slot.start for each in past), max(each.slot.end for each in past)
        found: dict[datetime, list[datetime]] = {}
        for seen in self.readings.between(site, past[0].quantity, start, end):
            found.setdefault(_hour(seen.at), []).append(seen.at)
        return found


def _quantities(past: Sequence[Metered]) -> set[Quantity]:
    return {each.quantity for each in past}


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _instants(past: Metered) -> list[datetime]:
    """Return the instants at which an interval's power is stored, from its start on."""
    count = max(1, -(-(past.slot.end - past.slot.start) // STEP))
    return [past.slot.start + n * STEP for n in range(count)]


def _reading(past: Metered, at: datetime, source: str) -> Reading:
    return reading(device=source, quantity=past.quantity, at=at, value=past.kwh / past.slot.hours, source=source)
