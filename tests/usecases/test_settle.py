"""Every past slot once, whatever happens in between."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import UnavailableError
from app.domain.ledger import BASELINES, SlotStatus
from app.domain.plan import PlanSource
from app.domain.reading import Quantity, Reading
from app.domain.site import HOME
from app.domain.slot import local_day
from app.ledger.savings import total
from app.usecases.settle import GRACE, WAIT
from tests.books import HALF_HOUR, MINUTE, Books
from tests.builders import battery, house
from tests.usecases.settled import DAY, HOUR, START, lived, rows


def test_settles_each_slot_once_and_again_only_what_is_new() -> None:
    books = lived(12)

    assert books.run(START + 6 * HOUR + GRACE).new == 12
    before = rows(books)
    assert books.run(START + 6 * HOUR + GRACE).new == 0
    assert books.run(START + 7 * HOUR + GRACE).new == 2
    assert rows(books)[:12] == before
    assert {row.version for row in rows(books)} == {1}
    assert {row.status for row in rows(books)} == {SlotStatus.SETTLED}


def test_a_running_slot_and_its_last_minutes_are_left_alone() -> None:
    books = lived(12)

    assert books.run(START + HOUR).new == 1
    assert books.run(START + HOUR + 4 * MINUTE).new == 0
    assert books.run(START + HOUR + GRACE).new == 1


def test_a_restart_in_between_changes_nothing() -> None:
    straight, restarted = lived(12), lived(12)
    straight.run(START + 11 * HOUR)
    for hours in (1, 4.3, 4.3, 11):
        restarted.restart()
        restarted.run(START + hours * HOUR)

    assert [replace(row, settled_at=START) for row in rows(restarted)] == [replace(row, settled_at=START) for row in rows(straight)]


def test_the_ledger_begins_where_the_charge_is_known() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    books.live(START, START + 6 * HOUR, seen=lambda each: each.quantity is not Quantity.SOC_PCT or each.at >= START + 3 * HOUR)

    books.run(START + 6 * HOUR + GRACE)

    assert rows(books)[0].slot.start == START + 3 * HOUR


def test_baselines_carry_their_own_charge_from_slot_to_slot() -> None:
    books = lived(8)
    books.run(START + 8 * HOUR + GRACE)

    for before, after in zip(rows(books), rows(books)[1:], strict=False):
        for case in BASELINES:
            one, following = before.baseline(case), after.baseline(case)
            assert one is not None
            assert following is not None
            assert following.stored_start_kwh == one.stored_end_kwh
    ends = {case: each.stored_end_kwh for case in BASELINES if (each := rows(books)[-1].baseline(case)) is not None}
    assert len({round(kwh, 3) for kwh in ends.values()}) == 3


def test_a_slot_waits_for_a_sensor_that_is_late_and_is_then_settled_whole() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    late: list[Reading] = []

    def seen(each: Reading) -> bool:
        buffered = each.quantity is Quantity.SOLAR_KW and START + 8 * HOUR <= each.at < START + 9 * HOUR
        late.extend([each] if buffered else [])
        return not buffered

    books.live(START, START + 12 * HOUR, seen=seen)
    waits = books.run(START + 9 * HOUR + GRACE)
    assert waits.waiting_since == START + 8 * HOUR
    assert len(rows(books)) == 16

    books.readings.save(HOME, late)
    assert books.run(START + 9 * HOUR + 2 * GRACE).waiting_since is None
    assert {row.status for row in rows(books)} == {SlotStatus.SETTLED}
    assert len(rows(books)) == 18


def test_what_does_not_come_is_derived_after_a_while_and_corrected_when_it_comes_late() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    late: list[Reading] = []

    def seen(each: Reading) -> bool:
        buffered = each.quantity is Quantity.SOLAR_KW and START + 8 * HOUR <= each.at < START + 9 * HOUR
        late.extend([replace(each, value=(each.value or 0) + 0.01)] if buffered else [])
        return not buffered

    books.live(START, START + 12 * HOUR, seen=seen)
    books.run(START + 9 * HOUR + WAIT)
    estimated = [row for row in rows(books) if row.status is SlotStatus.ESTIMATED]
    assert [row.slot.start for row in estimated] == [START + 8 * HOUR, START + 8.5 * HOUR]
    assert estimated[1].reason == "solar from the energy balance"
    wholly = rows(books)

    books.readings.save(HOME, late)
    done = books.run(START + 9 * HOUR + WAIT + HALF_HOUR)
    assert done.corrected >= 2
    assert [row.version for row in rows(books)][15:18] == [1, 2, 2]
    assert {row.status for row in rows(books)} == {SlotStatus.SETTLED}
    assert [books.ledger.rows[row.slot.start, 1] for row in wholly] == wholly, "what was settled first is still there"
    assert books.run(START + 9 * HOUR + WAIT + HALF_HOUR).corrected == 0


def test_a_silence_is_incomplete_and_counts_nowhere_and_a_backfill_fills_it() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    books.live(START, START + 4 * HOUR)
    gap = Books(START)
    missed = gap.live(START, START + 8 * HOUR)
    books.house = gap.house
    books.live(START + 8 * HOUR, START + 12 * HOUR)

    books.run(START + 12 * HOUR + GRACE)
    silent = [row for row in rows(books) if row.status is SlotStatus.INCOMPLETE]
    assert [row.slot.start for row in silent] == [START + 4 * HOUR + n * HALF_HOUR for n in range(8)]
    assert silent[0].reason == "not measured: solar, load, grid, battery"
    assert (silent[0].cost, silent[0].baselines) == (None, ())
    counted = total(rows(books), local_day(START.date(), ZoneInfo("UTC")), books.site.battery)
    assert counted.count.incomplete_hours == 4

    books.readings.save(HOME, missed)
    assert books.run(START + 18 * HOUR + GRACE).corrected >= 8
    assert {row.status for row in rows(books) if row.slot.start < START + 12 * HOUR} == {SlotStatus.SETTLED}


def test_a_missing_price_is_no_price_and_is_settled_when_it_comes() -> None:
    books = Books(START).price(START - DAY, START + 4 * HOUR)
    books.live(START, START + 12 * HOUR)

    assert books.run(START + 5 * HOUR + GRACE).waiting_since == START + 4 * HOUR
    books.run(START + 4.5 * HOUR + WAIT)
    unpriced = rows(books)[8]
    assert (unpriced.status, unpriced.reason, unpriced.cost) == (SlotStatus.UNPRICED, "no published import price", None)
    assert unpriced.flows is not None

    books.price(START, START + DAY)
    books.run(START + 7 * HOUR + GRACE)
    assert (rows(books)[8].status, rows(books)[8].version) == (SlotStatus.SETTLED, 2)


def test_quarters_are_settled_as_quarters() -> None:
    books = Books(START).price(START - DAY, START + 2 * HOUR).price(START + 2 * HOUR, START + DAY, minutes=15)
    books.live(START, START + 4 * HOUR)

    books.run(START + 4 * HOUR + GRACE)

    assert [row.slot.hours for row in rows(books)] == [0.5] * 4 + [0.25] * 8


def test_what_was_decided_stands_beside_what_happened() -> None:
    books = lived(6)
    books.decide(START, START + 3 * HOUR)
    books.run(START + 6 * HOUR + GRACE)

    assert [row.plan_source for row in rows(books)] == [PlanSource.OPTIMIZER] * 6 + [None] * 6


def test_a_store_that_is_away_costs_nothing_but_time() -> None:
    books = lived(12)
    books.run(START + 2 * HOUR)
    books.disk.away = True
    with pytest.raises(UnavailableError):
        books.run(START + 8 * HOUR)
    books.disk.away = False
    books.run(START + 8 * HOUR + GRACE)

    assert len(rows(books)) == 16


def test_a_house_that_only_tells_charge_load_and_sun_is_settled_and_says_how() -> None:
    books = lived(12, measured=frozenset({Quantity.SOC_PCT, Quantity.LOAD_KW, Quantity.SOLAR_KW}))
    whole = lived(12)
    books.run(START + 12 * HOUR + GRACE)
    whole.run(START + 12 * HOUR + GRACE)

    assert {row.reason for row in rows(books)} == {"battery from the state of charge; grid from the energy balance"}
    spent, really = (sum(row.cost or 0 for row in rows(each)) for each in (books, whole))
    assert spent == pytest.approx(really, abs=0.03)


def test_a_house_without_a_battery_has_books_too() -> None:
    books = Books(START, site=house(battery(capacity_kwh=0, power_kw=0), ac_limit_kw=100))
    books.price(START - DAY, START + DAY).live(START, START + 6 * HOUR)
    books.run(START + 6 * HOUR + GRACE)

    assert len(rows(books)) == 12
    for row in rows(books):
        assert all(each.cost == pytest.approx(row.cost) for each in row.baselines)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 46), (date(2026, 10, 25), 50)])
def test_a_day_on_which_the_clock_changes_has_all_its_half_hours(day: date, count: int) -> None:
    span = local_day(day, ZoneInfo("Europe/London"))
    books = Books(span.start).price(span.start - DAY, span.end + DAY)
    books.live(span.start, span.end + HOUR)
    books.run(span.end + HOUR + GRACE)

    assert len(books.ledger.between(HOME, span.start, span.end)) == count
