"""Which slots are settled, and at which price."""

from dataclasses import replace
from datetime import timedelta

from app.domain.price import Direction, Price, Provenance
from app.domain.slot import Slot
from app.ledger.grid import PriceBook, grid
from tests.records import NOON, at, price, slot

HOUR = timedelta(hours=1)


def hourly(per_kwh: float, n: int) -> Price:
    return replace(price(per_kwh), slot=Slot(NOON + n * HOUR, NOON + (n + 1) * HOUR))


def quarterly(per_kwh: float, n: int) -> Price:
    return replace(price(per_kwh), slot=Slot(NOON + HOUR + n * HOUR / 4, NOON + HOUR + (n + 1) * HOUR / 4))


def test_an_hour_is_split_and_a_quarter_is_kept_also_on_the_day_they_change() -> None:
    prices = [hourly(0.1, 0), *(quarterly(kwh, n) for n, kwh in enumerate((0.2, 0.21, 0.22, 0.23)))]

    slots, book = grid(prices, NOON, NOON + 3 * HOUR), PriceBook(prices)

    assert [each.hours for each in slots] == [0.5] * 2 + [0.25] * 4 + [0.5] * 2
    assert [book.of(each).import_per_kwh for each in slots] == [0.1, 0.1, 0.2, 0.21, 0.22, 0.23, None, None]


def test_each_way_has_its_own_price_and_an_estimate_is_none() -> None:
    prices = [
        price(0.2, 0),
        price(0.1, 0, direction=Direction.EXPORT),
        price(0.3, 1, provenance=Provenance.ESTIMATED),
        price(-0.05, 2),
    ]
    book = PriceBook(prices)

    assert [(book.of(slot(n)).import_per_kwh, book.of(slot(n)).export_per_kwh) for n in range(3)] == [
        (0.2, 0.1),
        (None, None),
        (-0.05, None),
    ]


def test_only_whole_slots_of_the_span() -> None:
    assert grid([], at(1), at(3)) == [slot(1), slot(2)]
