"""/prices: what energy costs."""

from datetime import timedelta
from functools import cache

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from pydantic import Field

from app.api.deps import House, Now, Use
from app.api.models import Instant, Out, span
from app.api.security import Controller, Viewer
from app.domain.price import PriceClass, PricedSlot, Provenance
from app.domain.slot import finest_minutes, slots_between
from app.pricing.timeline import LOOK_BACK_DAYS, timeline

router = APIRouter(prefix="/prices", tags=["prices"])

MOST_ASKING = 8


class RefreshOut(Out):
    """What a refresh brought."""

    source: str
    stored: int
    first_slot: Instant | None
    last_slot: Instant | None
    missing_slots: list[Instant]


class PricedSlotOut(Out):
    """Both prices of a slot. An estimate lies between low and high four times in five; a published price has neither."""

    start: Instant
    end: Instant
    import_per_kwh: float
    export_per_kwh: float
    price_class: PriceClass
    provenance: Provenance
    import_low_per_kwh: float | None
    import_high_per_kwh: float | None
    export_low_per_kwh: float | None
    export_high_per_kwh: float | None

    @classmethod
    def of(cls, each: PricedSlot) -> "PricedSlotOut":
        """Return a slot's prices."""
        bought, sold = each.import_range, each.export_range
        return cls(
            start=each.slot.start,
            end=each.slot.end,
            import_per_kwh=each.import_per_kwh,
            export_per_kwh=each.export_per_kwh,
            price_class=each.price_class,
            provenance=each.provenance,
            import_low_per_kwh=None if bought is None else bought.low,
            import_high_per_kwh=None if bought is None else bought.high,
            export_low_per_kwh=None if sold is None else sold.low,
            export_high_per_kwh=None if sold is None else sold.high,
        )


class PricesOut(Out):
    """Prices slot by slot; slots without a price and without an estimate are absent."""

    currency: str
    time_zone: str = Field(description="The site's; people read local time.", examples=["Europe/London"])
    slots: list[PricedSlotOut]


@router.post("/refresh")
async def refresh(use: Use, house: House, at: Now, _caller: Controller) -> RefreshOut:
    """Fetch and store what the tariff has published."""
    found = await to_thread.run_sync(use.refresh.run, house.id, at, limiter=_asking())
    return RefreshOut(
        source=found.source,
        stored=found.stored,
        first_slot=found.first,
        last_slot=found.last,
        missing_slots=[slot.start for slot in found.missing],
    )


@cache
def _asking() -> CapacityLimiter:
    """Return the threads in which callers wait for tariffs: the others answer on, whatever a tariff does."""
    return CapacityLimiter(MOST_ASKING)


@router.get("")
def prices(use: Use, house: House, at: Now, _caller: Viewer, start: Instant | None = None, end: Instant | None = None) -> PricesOut:
    """Return prices, published and beyond them estimated; without a span, from now for two days."""
    wanted = span(start or at, end or (start or at) + timedelta(days=2))
    known = use.prices.between(house.id, wanted.start - timedelta(days=LOOK_BACK_DAYS + 1), wanted.end)
    touched = [price.slot for price in known if price.slot.end > wanted.start]
    minutes = finest_minutes(touched or (price.slot for price in known)) if known else 30
    found = timeline(known, slots_between(wanted.start, wanted.end, minutes=minutes), zone=house.zone, money=house.money)
    return PricesOut(
        currency=house.currency,
        time_zone=str(house.zone),
        slots=[PricedSlotOut.of(each) for each in found],
    )
