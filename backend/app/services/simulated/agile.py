"""Agile-like prices of our own making, decided by the date alone: to plan and play with before any account exists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.domain.money import YARDSTICK, Currency
from app.domain.price import Direction, Price, Provenance
from app.domain.site import LONDON
from app.domain.slot import Slot, slots_between
from app.services.agile_day import agile_published_until
from app.services.simulated.dice import dice

SLOT_MINUTES = 30
SATURDAY = 5
PEAK_HOURS = range(16, 19)
PEAK_IMPORT_P = 12.0
PEAK_EXPORT_P = 5.0
IMPORT_PER_WHOLESALE = 2.2
"""Agile multiplies the wholesale price by about this; Outgoing Agile by the next."""
EXPORT_PER_WHOLESALE = 0.95
EXPORT_BONUS_P = 1.0
CAP_P = 100.0
WINDY_DAYS = 0.12
SUNNY_DAYS = 0.35
WHOLESALE_P = (
    *(6.2, 6.0, 5.7, 5.4, 5.2, 5.2, 5.6, 6.6),
    *(7.9, 8.4, 8.0, 7.5, 7.1, 6.8, 6.9, 7.5),
    *(8.6, 9.8, 9.9, 9.2, 8.4, 7.6, 7.0, 6.5),
)
"""Wholesale price in pence per kWh by local hour on a plain weekday: cheap nights, a morning and an evening peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAgile:
    """Half-hourly import and export prices with Agile's shape and its publication at 16:00 local."""

    clock: Callable[[], datetime]
    money: Currency = YARDSTICK
    """What the prices are told in: a house's own, for they are made up anyway."""
    name: str = "simulated"

    def prices(self, start: datetime, end: datetime) -> list[Price]:
        """Return what is published of [start, end) in both directions, oldest first."""
        known = min(end, self.published_until(self.clock()))
        return [self._price(slot, direction) for slot in slots_between(start, known, minutes=SLOT_MINUTES) for direction in Direction]

    def published_until(self, now: datetime) -> datetime:
        """Return the instant up to which prices are out."""
        return agile_published_until(now)

    def _price(self, slot: Slot, direction: Direction) -> Price:
        pence = import_p(slot.start) if direction is Direction.IMPORT else export_p(slot.start)
        return Price(
            slot=slot,
            direction=direction,
            per_kwh=self.money.of(round(pence / 100, 5)),
            provenance=Provenance.SIMULATED,
            source=self.name,
            currency=self.money.code,
        )


def import_p(at: datetime) -> float:
    """Return the import price in pence per kWh of the half-hour that starts at an instant; it may be negative."""
    peak = PEAK_IMPORT_P if _is_peak(at) else 0.0
    return min(CAP_P, IMPORT_PER_WHOLESALE * wholesale_p(at) + peak)


def export_p(at: datetime) -> float:
    """Return the export price in pence per kWh of the half-hour that starts at an instant; never negative."""
    peak = PEAK_EXPORT_P if _is_peak(at) else 0.0
    return max(0.0, EXPORT_PER_WHOLESALE * wholesale_p(at) + EXPORT_BONUS_P + peak)


def wholesale_p(at: datetime) -> float:
    """Return the made-up wholesale price in pence per kWh: a shape, the day's level, sun, wind and a little noise."""
    local = at.astimezone(LONDON)
    day = local.date()
    weekend = 0.88 if local.weekday() >= SATURDAY else 1.0
    level = weekend * (0.75 + 0.5 * dice("level", day))
    noise = 0.6 * (dice("noise", at.timestamp()) - 0.5)
    return WHOLESALE_P[local.hour] * level + noise - _sun_p(local) - _wind_p(local)


def _is_peak(at: datetime) -> bool:
    return at.astimezone(LONDON).hour in PEAK_HOURS


def _sun_p(local: datetime) -> float:
    """Return by how many pence solar power lowers the price around noon on a sunny day, most in summer."""
    if dice("sunny", local.date()) >= SUNNY_DAYS:
        return 0.0
    summer = max(0.2, 1 - abs(local.month - 6.5) / 5.5)
    return 4.5 * summer * max(0.0, 1 - abs(local.hour + local.minute / 60 - 13) / 4)


def _wind_p(local: datetime) -> float:
    """Return by how many pence wind lowers the price in the small hours after a windy evening."""
    windy = dice("windy", local.date())
    if windy >= WINDY_DAYS:
        return 0.0
    strength = 1 - windy / WINDY_DAYS
    return (3.0 + 5.0 * strength) * max(0.0, 1 - abs(local.hour + local.minute / 60 - 3.5) / 4)
