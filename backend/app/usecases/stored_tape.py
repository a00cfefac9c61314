"""The stored history of a house as a tape: published prices, measured load and sun."""

from datetime import datetime, timedelta

import numpy as np

from app.domain.errors import InvalidInputError
from app.domain.price import Direction, Price
from app.domain.reading import Quantity
from app.domain.site import SiteId
from app.domain.slot import finest_minutes, floor
from app.domain.tape import Array, Tape
from app.forecasting.history import slot_means
from app.usecases import ports
from app.usecases.history import filled

LONGEST_MINUTES = 60


def stored_tape(prices: ports.Prices, readings: ports.Readings, site: SiteId, start: datetime, end: datetime) -> tuple[Tape, int]:
    """Return the stretch up to `end` in which every price is known, and how many slots of load or sun were not measured.

    Those are filled with the other days' mean at that time of day.

    Raises:
        InvalidInputError: there is no price, or some time of day was never measured.
    """
    known = [price for price in prices.between(site, start, end) if price.provenance.is_told]
    if not known:
        raise InvalidInputError("no prices are stored for that time")
    minutes = min(LONGEST_MINUTES, finest_minutes([price.slot for price in known]))
    per_day = 24 * 60 // minutes
    first, count = (
        floor(start, minutes=minutes),
        round((floor(end, minutes=minutes) - floor(start, minutes=minutes)) / timedelta(minutes=minutes)),
    )
    bought, sold = (_line(known, direction, first, minutes, count) for direction in (Direction.IMPORT, Direction.EXPORT))
    load, solar = (
        slot_means(readings.between(site, quantity, first - timedelta(minutes=minutes), end), first=first, minutes=minutes, count=count)
        for quantity in (Quantity.LOAD_KW, Quantity.SOLAR_KW)
    )
    if np.isnan(solar).all():
        solar = np.zeros(count)
    holes = np.flatnonzero(np.isnan(bought) | np.isnan(sold))
    begin = int(holes[-1]) + 1 if len(holes) else 0
    series = [filled(each[begin:], per_day=per_day) for each in (load, solar)]
    length = min(map(len, series))
    if length == 0:
        raise InvalidInputError("the stored history has no whole day with prices, load and solar power at every time of day")
    gaps = int((np.isnan(load[-length:]) | np.isnan(solar[-length:])).sum())
    tape = Tape(
        first=first + (count - length) * timedelta(minutes=minutes),
        minutes=minutes,
        import_per_kwh=bought[-length:],
        export_per_kwh=sold[-length:],
        load_kw=series[0][-length:],
        solar_kw=series[1][-length:],
    )
    return tape, gaps


def _line(known: list[Price], direction: Direction, first: datetime, minutes: int, count: int) -> Array:
    """Return a price for each slot, NaN where none is known."""
    line = np.full(count, np.nan)
    step = timedelta(minutes=minutes)
    for price in known:
        if price.direction is direction:
            low, high = (max(0, min(count, -((first - at) // step))) for at in (price.slot.start, price.slot.end))
            line[low:high] = price.per_kwh
    return line
