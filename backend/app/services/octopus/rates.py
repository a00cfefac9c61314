"""Octopus Energy's rates as they come over the wire, and how they become half-hours."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.domain.errors import UnavailableError
from app.domain.money import CURRENCIES
from app.domain.slot import Slot, slots_between

SLOT_MINUTES = 30
PENCE = 100
POUND = CURRENCIES["GBP"]
ABSURD_PENCE = PENCE * POUND.dearest_per_kwh
"""Beyond it the number is in another unit or no price at all."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
FAR_AHEAD = datetime.max.replace(tzinfo=UTC)
PENCE_DECIMALS = 8
"""Division by 100 leaves dust beyond it."""


class Rate(BaseModel):
    """One row: a price in pence incl. VAT (per kWh, or per day for a standing charge) over a validity that may be open."""

    model_config = ConfigDict(strict=True, frozen=True)

    value_inc_vat: float = Field(ge=-ABSURD_PENCE, le=ABSURD_PENCE, allow_inf_nan=False)
    valid_from: AwareDatetime | None
    valid_to: AwareDatetime | None
    payment_method: str | None = None

    @property
    def start(self) -> datetime:
        """Instant it becomes valid, in UTC."""
        return LONG_AGO if self.valid_from is None else self.valid_from.astimezone(UTC)

    @property
    def end(self) -> datetime:
        """Instant it stops being valid, in UTC."""
        return FAR_AHEAD if self.valid_to is None else self.valid_to.astimezone(UTC)

    @property
    def amount(self) -> float:
        """The price in pounds."""
        return round(self.value_inc_vat / PENCE, PENCE_DECIMALS)


def paid_by(rates: Iterable[Rate], method: str) -> list[Rate]:
    """Return the rows that hold for a payment method, in the order given.

    Raises:
        UnavailableError: there are rows, but only for other methods.
    """
    every = list(rates)
    chosen = [rate for rate in every if rate.payment_method in {None, method}]
    if every and not chosen:
        others = ", ".join(sorted({str(rate.payment_method) for rate in every}))
        raise UnavailableError(f"octopus: no rate for payment method {method}, only for {others}")
    return chosen


def half_hours(rates: Iterable[Rate], start: datetime, end: datetime) -> dict[Slot, float]:
    """Return the price of each half-hour that a row covers whole, in pounds per kWh; where rows overlap the newest wins."""
    prices: dict[Slot, float] = {}
    for rate in _oldest_first(rates):
        first, last = max(rate.start, start.astimezone(UTC)), min(rate.end, end.astimezone(UTC))
        for slot in slots_between(first, last, minutes=SLOT_MINUTES) if first < last else ():
            if rate.start <= slot.start and slot.end <= rate.end:
                prices[slot] = rate.amount
    return prices


def day_and_night(
    day: Iterable[Rate], night: Iterable[Rate], start: datetime, end: datetime, *, is_night: Callable[[datetime], bool]
) -> dict[Slot, float]:
    """Return the price of each half-hour of a tariff with two registers, in pounds per kWh."""
    by_day, by_night = half_hours(day, start, end), half_hours(night, start, end)
    slots = sorted(by_day.keys() | by_night.keys())
    chosen = ((slot, (by_night if is_night(slot.start) else by_day).get(slot)) for slot in slots)
    return {slot: price for slot, price in chosen if price is not None}


def _oldest_first(rates: Iterable[Rate]) -> list[Rate]:
    """Return the rows so that a later one may overwrite an earlier; of two equally old the one listed first comes last."""
    listed_first_last = list(rates)[::-1]
    return sorted(listed_first_last, key=lambda rate: rate.start)
