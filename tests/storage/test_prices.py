from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import InvalidInputError
from app.domain.price import Direction, Price, Provenance
from app.domain.site import HOME, SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.prices import EarlierPrice, PriceStore
from tests.records import NOON, at, price, prices

NEIGHBOUR = SiteId("neighbour")


@pytest.fixture
def store(database: Database) -> PriceStore:
    return PriceStore(database)


def all_of(store: PriceStore) -> list[Price]:
    return store.between(HOME, at(-100), at(100))


def test_gives_back_what_was_saved(store: PriceStore) -> None:
    saved = [
        price(-0.021, 0),
        price(0.123456, 0, direction=Direction.EXPORT, source="nätägare ⚡"),
        price(999999.999999, 1, provenance=Provenance.ESTIMATED),
    ]

    assert store.save(HOME, saved, NOON) == 3
    assert all_of(store) == sorted(saved, key=lambda one: (one.slot.start, one.direction))
    assert store.between(HOME, NOON, at(1), Direction.EXPORT) == [saved[1]]
    assert store.between(NEIGHBOUR, at(-100), at(100)) == []


def test_keeps_six_places(store: PriceStore) -> None:
    store.save(HOME, [price(1 / 3)], NOON)

    assert [one.per_kwh for one in all_of(store)] == [0.333333]
    assert store.save(HOME, [price(1 / 3)], at(1)) == 0


def test_saving_twice_is_saving_once(store: PriceStore) -> None:
    day = prices([0.1, 0.2, 0.3])

    assert store.save(HOME, day, NOON) == 3
    assert store.save(HOME, list(reversed(day)), at(1)) == 0
    assert all_of(store) == day
    assert store.earlier(HOME, NOON, at(9)) == []


def test_a_changed_price_leaves_its_earlier_versions(store: PriceStore) -> None:
    first, second, third = price(0.1, 9), price(0.15, 9), price(0.15, 9, source="correction")
    for n, one in enumerate((first, second, third)):
        assert store.save(HOME, [one], at(n)) == 1

    assert all_of(store) == [third]
    assert store.earlier(HOME, at(9), at(10)) == [
        EarlierPrice(price=first, fetched_at=at(0), replaced_at=at(1)),
        EarlierPrice(price=second, fetched_at=at(1), replaced_at=at(2)),
    ]


def test_another_tariff_leaves_the_past_its_prices_and_the_same_one_may_correct_them(store: PriceStore) -> None:
    store.save(HOME, prices([0.1, 0.1, 0.1]), NOON)

    assert store.save(HOME, prices([0.3, 0.3, 0.3, 0.3], source="another tariff"), at(1)) == 3
    assert [one.per_kwh for one in all_of(store)] == [0.1, 0.3, 0.3, 0.3]
    assert store.save(HOME, prices([0.11]), at(2)) == 1
    assert store.save(HOME, prices([0.2], source="another tariff"), at(3)) == 0
    assert [one.per_kwh for one in all_of(store)] == [0.11, 0.3, 0.3, 0.3]


def test_what_is_withdrawn_is_kept_as_a_version_and_may_be_told_again(store: PriceStore) -> None:
    day = prices([0.1, 0.2, 0.3])
    store.save(HOME, day, NOON)

    assert store.withdraw(HOME, day, at(1)) == 2, "the first half-hour is over: it was paid"
    assert all_of(store) == day[:1]
    assert [one.price for one in store.earlier(HOME, NOON, at(9))] == day[1:]
    assert store.save(HOME, [price(0.25, 1)], at(1.5)) == store.withdraw(HOME, [price(0.25, 1)], at(1.6)) == 1
    assert store.save(HOME, [price(0.26, 1)], at(1.7)) == 1
    assert [one.price.per_kwh for one in store.earlier(HOME, at(1), at(2))] == [0.2, 0.25]
    assert all_of(store) == [day[0], price(0.26, 1)]


def test_only_what_still_stands_as_it_was_read_is_withdrawn(store: PriceStore) -> None:
    read = prices([0.1, 0.2])
    store.save(HOME, read, NOON)
    store.save(HOME, [price(0.3, 1, source="another tariff")], NOON)

    assert store.withdraw(HOME, read, NOON) == 1
    assert [one.per_kwh for one in all_of(store)] == [0.3]
    assert store.withdraw(NEIGHBOUR, read, NOON) == store.withdraw(HOME, [], NOON) == 0


def test_what_is_withdrawn_changes_when_prices_were_stored(store: PriceStore) -> None:
    store.save(HOME, prices([0.1, 0.2]), NOON)
    store.withdraw(HOME, prices([0.1, 0.2]), at(1))

    assert store.last_fetched(HOME) == NOON + timedelta(microseconds=1), "nothing was fetched, yet who kept a line draws it anew"


def test_a_published_price_replaces_an_estimate(store: PriceStore) -> None:
    estimate = price(0.1, provenance=Provenance.ESTIMATED)
    store.save(HOME, [estimate], NOON)

    assert store.save(HOME, [price(0.1)], at(1)) == 1
    assert all_of(store) == [price(0.1)]
    assert [one.price for one in store.earlier(HOME, NOON, at(1))] == [estimate]


@pytest.mark.parametrize("weaker", [one for one in Provenance if one is not Provenance.PUBLISHED])
def test_an_estimate_never_replaces_a_published_price(store: PriceStore, weaker: Provenance) -> None:
    estimate = price(0.1, provenance=weaker)
    store.save(HOME, [price(0.2)], NOON)

    assert store.save(HOME, [estimate], at(1)) == 0
    assert store.save(HOME, [price(0.2, 1), price(0.1, 1, provenance=weaker)], at(1)) == 1
    assert all_of(store) == [price(0.2, 0), price(0.2, 1)]


def test_remembers_when_prices_were_stored_last(store: PriceStore) -> None:
    assert store.last_fetched(HOME) is None
    assert store.save(HOME, [], NOON) == 0
    assert store.last_fetched(HOME) is None

    for fetched_at in (at(1), at(3)):
        store.save(HOME, [price()], fetched_at)

    assert store.last_fetched(HOME) == at(3)
    assert store.last_fetched(NEIGHBOUR) is None


def test_tells_that_prices_were_stored_again_even_by_a_clock_that_is_late(store: PriceStore) -> None:
    told = []
    for fetched_at in (at(3), at(3), at(2), at(1)):
        store.save(HOME, [price()], fetched_at)
        told.append(store.last_fetched(HOME))

    assert told == [at(3) + n * timedelta(microseconds=1) for n in range(4)]


@pytest.mark.parametrize("clock_change", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_every_slot_of_a_clock_change_night_is_there_once(store: PriceStore, clock_change: datetime) -> None:
    quarter = timedelta(minutes=15)
    night = [price(n / 100, slot=Slot(clock_change + n * quarter, clock_change + (n + 1) * quarter)) for n in range(16)]

    assert store.save(HOME, night, NOON) == 16
    assert store.between(HOME, clock_change, clock_change + timedelta(hours=4)) == night


def test_refuses_what_is_no_price(store: PriceStore) -> None:
    with pytest.raises(InvalidInputError, match=r"1000000\.0 is not a price"):
        store.save(HOME, [price(0.1), price(1e6, 1)], NOON)

    assert all_of(store) == []
    assert store.last_fetched(HOME) is None


def test_refuses_a_naive_instant(store: PriceStore) -> None:
    naive = NOON.replace(tzinfo=None)

    with pytest.raises(InvalidInputError, match="no time zone"):
        store.save(HOME, [price()], naive)
    with pytest.raises(InvalidInputError, match="no time zone"):
        store.between(HOME, naive, at(1))


def test_made_up_prices_are_kept_as_such_and_give_way_to_published_ones(store: PriceStore) -> None:
    made_up, guess = price(0.2, provenance=Provenance.SIMULATED, source="simulated"), price(0.3, provenance=Provenance.ESTIMATED)

    assert store.save(HOME, [guess], NOON) == store.save(HOME, [made_up], NOON) == 1
    assert store.save(HOME, [guess], NOON) == 0
    assert all_of(store) == [made_up]
    assert store.save(HOME, [price(0.25)], at(9)) == 1
    assert store.save(HOME, [made_up], at(9)) == 0
    assert all_of(store) == [price(0.25)]


def test_a_price_keeps_its_currency_and_one_from_before_is_not_changed_by_being_told_again(store: PriceStore) -> None:
    before, now = price(0.2, 0), [price(0.2, 0, currency="GBP"), price(0.3, 1, currency="GBP")]
    store.save(HOME, [before], NOON)

    assert store.save(HOME, now, NOON) == 1
    assert all_of(store) == [before, now[1]]
    assert store.save(HOME, [price(0.21, 0, currency="GBP")], NOON) == 1
    assert [each.currency for each in all_of(store)] == ["GBP", "GBP"]
