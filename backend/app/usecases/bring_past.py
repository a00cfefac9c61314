"""Bring in a house's past from before it was looked at: what meters, statistics or a file say of whole intervals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import InvalidInputError
from app.domain.reading import Metered, Quality, Quantity, Reading, reading
from app.domain.site import Site, SiteId
from app.usecases import ports
from app.usecases.history import most_kw

STEP = timedelta(minutes=15)
"""A mean power is stored this often within its interval: as long as forecasts let a reading stand."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An interval with more than the house can have drawn or made."""

    past: Metered
    most_kw: float

    def __str__(self) -> str:
        past, does = self.past, "make" if self.past.quantity is Quantity.SOLAR_KW else "draw"
        told = f"{past.kwh:g} kWh in {past.slot.hours * 60:g} minutes is {past.kw:g} kW"
        return f"{past.where or f'{past.slot.start:%Y-%m-%d %H:%M} UTC'}: {told}, and this house can {does} {self.most_kw:g} kW: left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How many intervals there were, how many were new, already measured or impossible, and the span of the new ones."""

    told: int
    new: int
    measured: int
    left_out: tuple[LeftOut, ...]
    doubted: tuple[Quantity, ...]
    """What is mostly impossible: its unit is wrong, and nothing of it is stored."""
    first: datetime | None
    last: datetime | None

    @property
    def impossible(self) -> int:
        """How many intervals no house like this can have had."""
        return len(self.left_out)


@dataclass(frozen=True, slots=True)
class BringPast:
    """Stores the mean power of past intervals. What the house itself measured wins over what is brought in later."""

    readings: ports.Readings
    sites: Mapping[SiteId, Site]

    def run(self, site: SiteId, past: Sequence[Metered], *, source: str) -> Brought:
        """Store the intervals in which nothing was measured yet; the same may be brought in again and again.

        Raises:
            InvalidInputError: a meter does not see all of this house's load.
            UnavailableError: the store did not answer.
        """
        if self.sites[site].solar.peak_kw > 0 and any(each.by_meter for each in past):
            raise InvalidInputError("a meter does not see what the array gave the house: use `history home-assistant` or a file")
        taken = {quantity: self._measured(site, [each for each in past if each.quantity is quantity]) for quantity in _quantities(past)}
        free = [each for each in past if not any(each.slot.contains(at) for at in taken[each.quantity].get(_hour(each.slot.start), ()))]
        left_out = tuple(LeftOut(each, most) for each in free if not _can_be(each, most := self._most_kw(site, each)))
        doubted = _mostly(left_out, free)
        beyond = {(each.past.quantity, each.past.slot.start) for each in left_out}
        good = [each for each in free if each.quantity not in doubted and (each.quantity, each.slot.start) not in beyond]
        self.readings.save(site, [_reading(each, at, source) for each in good for at in _instants(each)])
        return Brought(
            told=len(past),
            new=len(good),
            measured=len(past) - len(free),
            left_out=left_out,
            doubted=doubted,
            first=min((each.slot.start for each in good), default=None),
            last=max((each.slot.end for each in good), default=None),
        )

    def _most_kw(self, site: SiteId, past: Metered) -> float:
        """Return the most that an interval can have had on average: what comes in through a meter, the fuse bears."""
        house = self.sites[site]
        return house.grid.import_limit_kw if past.by_meter else most_kw(house, past.quantity)

    def _measured(self, site: SiteId, past: Sequence[Metered]) -> dict[datetime, list[datetime]]:
        """Return when something was measured, by the hour."""
        start, end = min(each.slot.start for each in past), max(each.slot.end for each in past)
        found: dict[datetime, list[datetime]] = {}
        for seen in self.readings.between(site, past[0].quantity, start, end):
            found.setdefault(_hour(seen.at), []).append(seen.at)
        return found


def _can_be(past: Metered, most_kw: float) -> bool:
    return past.kw <= most_kw and _reading(past, past.slot.start, "").quality is Quality.GOOD


def _mostly(left_out: Sequence[LeftOut], free: Sequence[Metered]) -> tuple[Quantity, ...]:
    """Return the quantities of which more is left out than fits: where Wh stand for kWh, the smallest of them still look possible."""
    impossible, every = Counter(each.past.quantity for each in left_out), Counter(each.quantity for each in free)
    return tuple(sorted(quantity for quantity, count in impossible.items() if 2 * count > every[quantity]))


def _quantities(past: Sequence[Metered]) -> set[Quantity]:
    return {each.quantity for each in past}


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _instants(past: Metered) -> list[datetime]:
    """Return the instants at which an interval's power is stored, from its start on."""
    count = max(1, -(-(past.slot.end - past.slot.start) // STEP))
    return [past.slot.start + n * STEP for n in range(count)]


def _reading(past: Metered, at: datetime, source: str) -> Reading:
    return reading(device=source, quantity=past.quantity, at=at, value=past.kw, source=source)
