from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import ForeignMoneyError
from app.domain.price import Price
from app.domain.site import HOME, Site
from app.usecases.house_prices import HousePrices
from tests.builders import house
from tests.fake_stores import Disk, FakePrices
from tests.records import NOON, at, prices


@pytest.fixture
def kept() -> FakePrices:
    return FakePrices(Disk())


def in_house(kept: FakePrices, site: Site) -> HousePrices:
    return HousePrices(kept, {HOME: site})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda price: replace(price, currency="GBP"),
            "octopus tells its prices in GBP, this house counts in SEK: set its currency to GBP",
        ),
        (lambda price: replace(price, per_kwh=203.0), "the import price of 2026-01-15 12:00 UTC of 203 SEK per kWh cannot be"),
    ],
)
def test_a_house_refuses_what_is_no_price_in_its_currency(kept: FakePrices, change: Callable[[Price], Price], complaint: str) -> None:
    swedish = in_house(kept, house(currency="SEK"))
    fetched = prices([1.2, 0.9], currency="SEK")

    with pytest.raises(ForeignMoneyError, match=complaint):
        swedish.save(HOME, [change(fetched[0]), fetched[1]], NOON)

    assert kept.rows == {}
    assert swedish.save(HOME, fetched, NOON) == 2


def test_a_price_from_before_prices_told_their_currency_is_in_the_houses(kept: FakePrices) -> None:
    kept.save(HOME, prices([0.2], currency=None), NOON)

    assert [each.currency for each in in_house(kept, house(currency="SEK")).between(HOME, NOON, at(1))] == ["SEK"]


def test_a_house_that_changes_its_currency_reads_only_the_new_ones(kept: FakePrices) -> None:
    kept.save(HOME, prices([0.2, 0.3], currency="GBP"), NOON)
    kept.save(HOME, [replace(each, currency="SEK") for each in prices([0.2, 2.0], currency="SEK")[1:]], NOON + timedelta(minutes=1))

    assert [each.per_kwh for each in in_house(kept, house(currency="SEK")).between(HOME, NOON, at(2))] == [2.0]
