"""What people change of a house meanwhile counts from then on and rewrites nothing."""

from dataclasses import replace

import pytest

from app.domain.ledger import BASELINES
from app.domain.reading import Quantity, reading
from app.domain.site import HOME
from app.domain.slot import Slot
from app.ledger.savings import total
from app.usecases.settle import GRACE
from tests.books import HALF_HOUR, Books
from tests.usecases.settled import DAY, HOUR, START, lived, rows


def test_what_people_change_meanwhile_does_not_rewrite_history() -> None:
    books = lived(12)
    books.run(START + 6 * HOUR + GRACE)
    before = rows(books)
    books.become(replace(books.site, battery=replace(books.site.battery, reserve_kwh=4.0)))
    books.restart()

    assert books.run(START + 9 * HOUR).corrected == 0
    assert rows(books)[:12] == before


def resized(books: Books, capacity_kwh: float) -> None:
    """Put in a battery of another size, and start again."""
    books.become(replace(books.site, battery=books.site.battery.sized(capacity_kwh)))
    books.restart()


def test_a_battery_of_another_size_counts_from_the_next_slot_on() -> None:
    books = lived(12)
    books.run(START + 6 * HOUR + GRACE)
    before = rows(books)
    resized(books, 5.0)

    assert books.run(START + 9 * HOUR).corrected == 0
    assert rows(books)[:12] == before
    assert books.run(START + 15 * HOUR).corrected == 0, "everything was looked at again"
    last, following = rows(books)[11:13]
    assert (last.capacity_kwh, following.capacity_kwh) == (10, 5)
    assert last.stored_end_kwh == pytest.approx(2 * (following.stored_start_kwh or 0))
    for case in BASELINES:
        ended, begun = last.baseline(case), following.baseline(case)
        assert ended is not None
        assert begun is not None
        assert begun.stored_start_kwh == pytest.approx(ended.stored_end_kwh / 2)
    counted = [total(some, Slot(START, START + DAY), books.site.battery) for some in (rows(books)[:12], rows(books)[12:], rows(books))]
    changes = [each.actual.stored_change_kwh for each in counted]
    assert changes[2] == pytest.approx(changes[0] + changes[1]), "what the batteries hold is nothing that either took in"


def test_better_data_settle_a_slot_with_the_battery_it_had() -> None:
    books, kept = (Books(START).price(START - DAY, START + DAY) for _ in range(2))
    for each in (books, kept):
        each.live(START, START + 6 * HOUR, seen=lambda found: found.quantity is not Quantity.SOC_PCT or found.at != START + 4 * HOUR)
        each.run(START + 6 * HOUR + GRACE)
    resized(books, 5.0)
    late = reading(device="battery", quantity=Quantity.SOC_PCT, at=START + 4 * HOUR, value=77.0, source="test")
    for each in (books, kept):
        each.readings.save(HOME, [late])
        assert each.run(START + 6 * HOUR + HALF_HOUR).corrected > 0

    assert [replace(row, settled_at=START) for row in rows(books)[:12]] == [replace(row, settled_at=START) for row in rows(kept)[:12]]


def test_another_efficiency_does_not_rewrite_what_was_derived_with_the_one_before() -> None:
    books = lived(12, measured=frozenset({Quantity.SOC_PCT, Quantity.LOAD_KW, Quantity.SOLAR_KW}))
    books.run(START + 6 * HOUR + GRACE)
    books.become(replace(books.site, battery=replace(books.site.battery, charge_efficiency=0.8)))
    books.restart()

    assert books.run(START + 9 * HOUR).corrected == 0
