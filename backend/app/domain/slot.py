"""Slots: half-open UTC intervals. Local time exists only at the edges."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The half-open interval [start, end) in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise InvalidInputError(f"slot {self.start}..{self.end} is not in UTC")
        if self.end <= self.start:
            raise InvalidInputError(f"slot ends at {self.end}, before it starts at {self.start}")

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start).total_seconds() / 3600

    def contains(self, instant: datetime) -> bool:
        """Tell whether the instant lies inside; the end does not."""
        return self.start <= instant < self.end


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Return the time of day as the people of a house read it from their wall."""
    return f"{instant.astimezone(zone):%H:%M}"


def slot_at(instant: datetime, *, minutes: int) -> Slot:
    """Return the slot that contains the instant: the floor, never the nearest."""
    start = floor(instant, minutes=minutes)
    return Slot(start, start + timedelta(minutes=minutes))


def floor(instant: datetime, *, minutes: int) -> datetime:
    """Return the latest multiple of `minutes` since the epoch at or before the instant, in UTC."""
    step_s = minutes * 60
    return datetime.fromtimestamp(instant.timestamp() // step_s * step_s, UTC)


def slots_between(start: datetime, end: datetime, *, minutes: int) -> tuple[Slot, ...]:
    """Return the whole slots of a grid from the one that contains start up to end, oldest first."""
    step = timedelta(minutes=minutes)
    first = floor(start, minutes=minutes)
    count = max(0, -((first - end.astimezone(UTC)) // step))
    return tuple(Slot(first + n * step, first + (n + 1) * step) for n in range(count))


def local_day(day: date, zone: ZoneInfo, *, starts_at: time = time(0)) -> Slot:
    """Return a local day as one UTC interval: 23, 24 or 25 hours long."""
    start, end = (datetime.combine(d, starts_at, zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return Slot(start, end)


def finest_minutes(slots: Iterable[Slot]) -> int:
    """Return the length in whole minutes of the shortest slot.

    Raises:
        InvalidInputError: there is no slot to measure.
    """
    lengths = [round(slot.hours * 60) for slot in slots]
    if not lengths:
        raise InvalidInputError("no slot to take the resolution from")
    return min(lengths)
