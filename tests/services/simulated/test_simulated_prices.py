from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from statistics import mean

import pytest

from app.domain.price import Direction, Price
from app.domain.site import LONDON
from app.domain.slot import local_day
from app.services.simulated.agile import SimulatedAgile

YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def agile(now: datetime = YEAR[1]) -> SimulatedAgile:
    return SimulatedAgile(clock=lambda: now)


@cache
def year(direction: Direction) -> Sequence[Price]:
    return tuple(price for price in agile().prices(*YEAR) if price.direction is direction)


def mean_at(hours: set[int], prices: Sequence[Price]) -> float:
    return mean(price.per_kwh for price in prices if price.slot.start.astimezone(LONDON).hour in hours)


def test_has_agile_shape() -> None:
    bought = year(Direction.IMPORT)

    assert 0.13 < mean(price.per_kwh for price in bought) < 0.25
    assert mean_at({16, 17, 18}, bought) > mean_at({7, 8, 9}, bought) + 0.08 > mean_at({2, 3, 4}, bought) + 0.08
    assert 20 < sum(price.per_kwh < 0 for price in bought) < 500
    assert max(price.per_kwh for price in bought) <= 1


def test_negative_prices_come_at_night() -> None:
    hours = [price.slot.start.astimezone(LONDON).hour for price in year(Direction.IMPORT) if price.per_kwh < 0]

    assert sum(hour < 8 for hour in hours) > 0.8 * len(hours)


def test_sunny_noons_are_cheaper_than_others() -> None:
    noons = sorted(p.per_kwh for p in year(Direction.IMPORT) if p.slot.start.month == 6 and p.slot.start.astimezone(LONDON).hour == 13)

    assert mean(noons[:15]) < mean(noons[-15:]) - 0.06


def test_weekends_are_cheaper() -> None:
    bought = year(Direction.IMPORT)

    weekend = [p.per_kwh for p in bought if p.slot.start.astimezone(LONDON).weekday() >= 5]
    assert mean(weekend) < mean(p.per_kwh for p in bought) - 0.01


@pytest.mark.slow
def test_export_earns_about_half_and_never_costs() -> None:
    sold, bought = year(Direction.EXPORT), year(Direction.IMPORT)

    assert min(price.per_kwh for price in sold) == 0
    assert 0.4 < mean(p.per_kwh for p in sold) / mean(p.per_kwh for p in bought) < 0.6


def test_the_date_alone_decides() -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)

    whole = agile().prices(start, start + timedelta(days=1))
    assert agile().prices(start + timedelta(hours=6), start + timedelta(hours=7)) == whole[24:28]
    assert whole[0].source == "simulated"


@pytest.mark.parametrize(("day", "half_hours"), [(date(2026, 3, 29), 46), (date(2026, 7, 1), 48), (date(2026, 10, 25), 50)])
def test_local_days_have_their_true_length_and_their_peak_by_the_wall_clock(day: date, half_hours: int) -> None:
    span = local_day(day, LONDON)

    bought = [price for price in agile().prices(span.start, span.end) if price.direction is Direction.IMPORT]
    dearest = max(bought, key=lambda price: price.per_kwh)
    assert len(bought) == half_hours
    assert len({price.slot for price in bought}) == half_hours
    assert dearest.slot.start.astimezone(LONDON).hour in {16, 17, 18}


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 20, 15, 59, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC)),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC)),
        (datetime(2026, 7, 1, 15, 0, tzinfo=UTC), datetime(2026, 7, 2, 22, tzinfo=UTC)),
    ],
)
def test_gives_only_what_is_published(now: datetime, until: datetime) -> None:
    prices = agile(now).prices(now, now + timedelta(days=3))

    assert agile(now).published_until(now) == until
    assert prices[-1].slot.end == until
