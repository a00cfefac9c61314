"""To the penny what a second bookkeeper finds, and the same however it is interrupted."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.domain.ledger import Case, SettledSlot
from app.domain.reading import Quantity, Reading
from app.domain.site import HOME
from app.domain.slot import local_day
from app.ledger.savings import total
from app.usecases.settle import GRACE, WAIT
from tests.books import HALF_HOUR, MINUTE, Books, buy
from tests.ledger.second_settlement import bill
from tests.usecases.settled import DAY, HOUR, START, rows

pytestmark = pytest.mark.slow


def test_a_fortnight_agrees_to_a_penny_with_a_second_bookkeeper() -> None:
    end = START + 14 * DAY
    books = Books(START).price(START - DAY, end + DAY)

    def seen(each: Reading) -> bool:
        down = START + 5 * DAY + 10 * HOUR <= each.at < START + 5 * DAY + 15 * HOUR
        lost = each.quantity is Quantity.LOAD_KW and each.at.day == 30 and each.at.minute in {5, 10, 35}
        return not (down or lost)

    readings: list[Reading] = []
    for day in range(14):
        told = books.live(START + day * DAY, START + (day + 1) * DAY, seen=seen)
        readings += told
        books.readings.save(HOME, [*told[::7], *reversed(told[::5])])  # a hop that repeats itself
        books.run(START + (day + 1) * DAY - 3 * HOUR + GRACE)
        if day % 4 == 0:
            books.restart()
    books.run(end + WAIT)

    second = bill(readings, {START + n * HALF_HOUR: buy(START + n * HALF_HOUR) for n in range(14 * 48)}, 0.12, START, end)
    counted = total(books.ledger.between(HOME, START, end), local_day(START.date(), ZoneInfo("UTC")), books.site.battery)
    assert counted.count.settled_hours + counted.count.estimated_hours == second.half_hours / 2
    assert counted.count.anomalies == 1, "the readings lost on the 30th hide when a load went off"
    assert (counted.actual.cost, counted.actual.wear) == pytest.approx((second.actual, second.wear), abs=0.005)
    cases = {each.case: each for each in counted.baselines}
    assert cases[Case.NO_BATTERY].cost == pytest.approx(second.no_battery, abs=0.005)
    assert (cases[Case.SELF_USE].cost, cases[Case.SELF_USE].wear) == pytest.approx((second.self_use, second.self_use_wear), abs=0.005)
    assert (cases[Case.RULES].cost, cases[Case.RULES].wear) == pytest.approx((second.rules, second.rules_wear), abs=0.005)


@settings(max_examples=12, deadline=None)
@given(
    gaps=some.lists(some.tuples(some.integers(0, 140), some.integers(1, 30)), max_size=4), at=some.lists(some.integers(0, 180), max_size=4)
)
def test_however_it_is_interrupted_every_slot_is_there_once_and_the_same(gaps: list[tuple[int, int]], at: list[int]) -> None:
    silent = {n for first, length in gaps for n in range(first, first + length)}

    def seen(each: Reading) -> bool:
        return round((each.at - START) / (5 * MINUTE)) not in silent or each.at == START

    straight, broken = Books(START).price(START - DAY, START + DAY), Books(START).price(START - DAY, START + DAY)
    for books in (straight, broken):
        books.live(START, START + 12 * HOUR, seen=seen)
    straight.run(START + 16 * HOUR)
    for five_minutes in sorted(at):
        broken.restart()
        broken.run(START + five_minutes * 5 * MINUTE)
    broken.run(START + 16 * HOUR)

    def told(books: Books) -> list[SettledSlot]:
        return [replace(row, settled_at=START, version=1) for row in rows(books)]

    assert told(broken) == told(straight)
