import pytest

from app.domain.errors import InvalidInputError
from app.domain.reading import Quality, Quantity, Reading
from app.domain.site import HOME, SiteId
from app.storage.database import Database
from app.storage.readings import ReadingStore
from tests.records import NOON, at, reading_

HARD_NUMBERS = [
    0.1 + 0.2,
    1 / 3,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    123456789.123456789,
    1e22,
    -99.99999999999999,
]


@pytest.fixture
def store(database: Database) -> ReadingStore:
    return ReadingStore(database)


def all_of(store: ReadingStore) -> list[Reading]:
    return store.between(HOME, Quantity.SOC_PCT, at(-999), at(999))


def test_gives_numbers_back_exactly(store: ReadingStore) -> None:
    saved = [reading_(number, n) for n, number in enumerate(HARD_NUMBERS)]

    assert store.save(HOME, saved) == len(saved)
    assert all_of(store) == saved


def test_tells_new_readings_from_known_ones(store: ReadingStore) -> None:
    saved = [reading_(n, n) for n in range(20)]
    saved = saved[10:] + saved[9::-1]

    assert store.save(HOME, saved[:12]) == 12
    assert store.save(HOME, saved) == 8
    assert store.save(HOME, [*saved, *saved]) == 0
    assert [one.value for one in all_of(store)] == list(range(20))


def test_a_reading_twice_in_one_message_counts_once(store: ReadingStore) -> None:
    assert store.save(HOME, [reading_(50), reading_(51)]) == 1
    assert all_of(store) == [reading_(50)]


def test_keeps_the_first_of_two_answers(store: ReadingStore) -> None:
    store.save(HOME, [reading_(50)])

    assert store.save(HOME, [reading_(60)]) == 0
    assert all_of(store) == [reading_(50)]


def test_devices_quantities_sites_and_microseconds_differ(store: ReadingStore) -> None:
    saved = [
        reading_(),
        reading_(device="bat_H3"),
        reading_(device="bat_h3 "),
        reading_(device="bät_h3"),
        reading_(device="🔋"),
        reading_(at=NOON.replace(microsecond=1)),
        reading_(quantity=Quantity.LOAD_KW),
    ]

    assert store.save(HOME, saved) == 7
    assert store.save(SiteId("Home"), saved) == 7
    assert {one.device for one in all_of(store)} == {"bat_h3", "bat_H3", "bat_h3 ", "bät_h3", "🔋"}
    assert all_of(store)[-1] == reading_(at=NOON.replace(microsecond=1))


def test_latest_is_the_newest_of_each_quantity_even_if_missing(store: ReadingStore) -> None:
    missing, load = reading_(None, 2), reading_(0.4, 1, quantity=Quantity.LOAD_KW)
    store.save(HOME, [missing, reading_(50, 1), load, reading_(0.5, 0, quantity=Quantity.LOAD_KW)])

    wanted = [Quantity.SOC_PCT, Quantity.LOAD_KW, Quantity.GRID_KW]

    assert store.latest(HOME, wanted, at(2)) == {Quantity.SOC_PCT: missing, Quantity.LOAD_KW: load}
    assert store.latest(HOME, [], at(2)) == {}


def test_the_newest_good_reading_counts_whatever_came_after_it(store: ReadingStore) -> None:
    bad = [reading_(255.0, 3, quality=Quality.SUSPECT), reading_(None, 4)]
    store.save(HOME, [reading_(49, 0), reading_(50, 1), reading_(51, 2), *bad, reading_(52, 5)])

    def good(since: float, now: float, until: float) -> float | None:
        found = store.good(HOME, [Quantity.SOC_PCT], at(since), at(now), at(until)).get(Quantity.SOC_PCT)
        return None if found is None else found.value

    assert good(0, 4, 6) == 51, "neither the bad ones nor the one that is stamped ahead hide it"
    assert good(3, 4, 6) == 52, "one stamped ahead is better than none"
    assert good(3, 4, 4.5) is None
    assert good(0, 6, 8) == 52
    assert store.good(HOME, [], at(0), at(6), at(8)) == {}
    assert store.latest(HOME, [Quantity.SOC_PCT], at(4.5)) == {Quantity.SOC_PCT: bad[1]}


def test_a_span_holds_only_good_readings(store: ReadingStore) -> None:
    store.save(HOME, [reading_(None, 1), reading_(255.0, 2, quality=Quality.SUSPECT), reading_(50, 3), reading_(51, 4)])

    assert store.between(HOME, Quantity.SOC_PCT, NOON, at(4)) == [reading_(50, 3)]


def test_no_readings_are_no_work(store: ReadingStore) -> None:
    assert store.save(HOME, []) == 0


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (reading_(float("nan")), "nan is not a number"),
        (reading_(float("-inf")), "-inf is not a number"),
        (reading_(device="x" * 65), "longer than 64"),
        (reading_(at=NOON.replace(tzinfo=None)), "no time zone"),
    ],
)
def test_refuses_what_cannot_be_kept(store: ReadingStore, bad: Reading, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        store.save(HOME, [reading_(), bad])

    assert all_of(store) == []


def test_what_a_reading_is_judged_by_is_the_newest_of_its_span_with_the_doubted_ones(store: ReadingStore) -> None:
    doubted = reading_(0, 2, quality=Quality.SUSPECT)
    store.save(HOME, [reading_(55, 1), doubted, reading_(None, 3, quality=Quality.MISSING), reading_(54, 4)])

    assert store.before(HOME, Quantity.SOC_PCT, at(0), at(4)) == [reading_(55, 1), doubted]
    assert store.before(HOME, Quantity.SOC_PCT, at(2), at(3)) == [doubted]
    assert store.before(SiteId("other"), Quantity.SOC_PCT, at(0), at(9)) == []
    store.save(HOME, [reading_(50, 10 + n) for n in range(60)])
    assert store.before(HOME, Quantity.SOC_PCT, at(0), at(999))[-1] == reading_(50, 69)
    assert len(store.before(HOME, Quantity.SOC_PCT, at(0), at(999))) == 50
