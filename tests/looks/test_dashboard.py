"""The whole local day, whatever is known of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.domain.ledger import SlotStatus
from app.domain.price import Provenance
from app.domain.site import HOME
from app.domain.slot import Slot, local_day
from app.ledger.period import Period
from app.looks.dashboard import Dashboard, Row, Source
from app.looks.savings import Account
from app.usecases.home import Sites
from app.usecases.journal import Journal
from app.usecases.settle import GRACE
from tests.books import MINUTE, Books
from tests.fake_stores import FakePlans
from tests.records import plan, step

LONDON = ZoneInfo("Europe/London")
DAY_OF_CHANGE, START = date(2026, 3, 29), datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def dashboard(books: Books, *, planned_from: datetime | None = None, minutes: int = 30) -> Dashboard:
    plans = FakePlans(books.disk)
    if planned_from is not None:
        length = timedelta(minutes=minutes)
        steps = [
            replace(step(0), priced=replace(step(0).priced, slot=Slot(planned_from + n * length, planned_from + (n + 1) * length)))
            for n in range(round(DAY * 2 / length))
        ]
        plans.save(plan(created_at=planned_from, steps=tuple(steps)))
    journal = Journal(plans, books.decisions)
    return Dashboard(Sites(books.homes), books.ledger, books.prices, books.decisions, journal, books.settle)


def rows(books: Books, now: datetime, day: date | None = None, *, planned_from: datetime | None = None) -> tuple[Row, ...]:
    return dashboard(books, planned_from=planned_from).day(HOME, day, now).rows


@pytest.mark.parametrize(("day", "count"), [(DAY_OF_CHANGE, 46), (date(2026, 10, 25), 50), (date(2026, 6, 1), 48)])
def test_a_day_is_complete_even_when_nothing_is_known(day: date, count: int) -> None:
    span = local_day(day, LONDON)
    found = rows(Books(span.start), span.start + 9 * HOUR, day)

    assert len(found) == count
    assert (found[0].slot.start, found[-1].slot.end) == (span.start, span.end)
    assert all(one.slot.end == following.slot.start for one, following in pairwise(found))
    assert {row.source for row in found} == {Source.MISSING}
    assert {row.reason for row in found} == {"nothing was measured", "there is no plan"}
    assert {row.energies for row in found} == {None}


def test_actual_then_provisional_then_predicted() -> None:
    books = Books(START).price(START - DAY, START + 2 * DAY)
    now = START + 5 * HOUR + 10 * MINUTE
    books.live(START, now)
    books.run(START + 4 * HOUR + GRACE)

    found = rows(books, now, planned_from=START + 5 * HOUR)

    assert [row.source for row in found] == [Source.ACTUAL] * 8 + [Source.PROVISIONAL] * 2 + [Source.PREDICTED] * 36
    assert all(row.cost is not None and row.stored_kwh is not None for row in found)
    assert [round(row.hours, 3) for row in found[9:12]] == [0.5, 0.333, 0.5]
    running = found[10].energies
    assert running is not None
    assert running.import_kwh == pytest.approx(2.3 / 3), "only what is left of the half-hour"


def test_looking_stores_nothing() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    books.live(START, START + 5 * HOUR)

    rows(books, START + 5 * HOUR)

    assert not books.ledger.rows
    assert books.run(START + 5 * HOUR + GRACE).new == 10


def test_every_weakness_is_shown() -> None:
    books = Books(START).price(START - DAY, START + 3 * HOUR)
    books.live(START, START + HOUR)
    books.house = Books(START + 2 * HOUR).house
    books.live(START + 2 * HOUR, START + 4 * HOUR)
    books.run(START + 9 * HOUR)

    found = rows(books, START + 9 * HOUR)

    silent, unpriced = found[2], found[7]
    assert (silent.source, silent.status, silent.reason) == (
        Source.MISSING,
        SlotStatus.INCOMPLETE,
        "not measured: solar, load, grid, battery",
    )
    assert (unpriced.status, unpriced.price_provenance, unpriced.cost) == (SlotStatus.UNPRICED, Provenance.MISSING, None)
    assert unpriced.energies is not None


def test_quarters_are_shown_as_half_hours_and_hours_are_split() -> None:
    books = Books(START).price(START - DAY, START + DAY, minutes=15)
    books.live(START, START + 2 * HOUR)
    books.run(START + 2 * HOUR + GRACE)
    settled = books.ledger.between(HOME, START, START + DAY)

    found = dashboard(books, planned_from=START + 2 * HOUR, minutes=60).day(HOME, None, START + 2 * HOUR + GRACE).rows

    assert len(settled) == 8
    assert len(found) == 46
    assert found[0].cost == pytest.approx((settled[0].cost or 0) + (settled[1].cost or 0))
    assert found[0].stored_kwh == settled[1].stored_end_kwh
    later = found[6], found[7]
    assert [row.energies.load_kwh for row in later if row.energies] == pytest.approx([0.25, 0.25])


def test_a_past_charge_is_a_share_of_the_battery_of_its_time() -> None:
    books = Books(START).price(START - DAY, START + DAY)
    books.live(START, START + 2 * HOUR)
    books.run(START + 2 * HOUR + GRACE)
    before = [row.soc_pct for row in rows(books, START + 2 * HOUR + GRACE)[:4]]
    books.become(replace(books.site, battery=books.site.battery.sized(5.0)))

    found = rows(books, START + 2 * HOUR + GRACE)[:4]

    assert before == pytest.approx([10 * (row.stored_kwh or 0) for row in found])
    assert [row.soc_pct for row in found] == pytest.approx(before)


def test_savings_of_a_day_a_month_and_a_year_are_of_local_ones() -> None:
    books = Books(START).price(START - DAY, START + 3 * DAY)
    books.live(START, START + 2 * DAY)
    books.run(START + 2 * DAY + GRACE)
    account = Account(books.homes, books.ledger)
    now = START + 2 * DAY

    told = {period: account.statement(HOME, period, DAY_OF_CHANGE, now) for period in Period}

    assert told[Period.DAY].whole.count.settled_hours == 23
    assert told[Period.MONTH].whole.count.settled_hours == 48
    assert [part.count.settled_hours for part in told[Period.MONTH].parts][27:] == [0, 23, 24, 1]
    assert [part.count.settled_hours for part in told[Period.YEAR].parts][2:4] == [48, 0]
    for period in (Period.MONTH, Period.YEAR, Period.ALL):
        statement = told[period]
        assert sum(part.actual.cost for part in statement.parts) == pytest.approx(statement.whole.actual.cost)
        assert statement.whole.actual.cost == pytest.approx(told[Period.MONTH].whole.actual.cost)
    assert told[Period.DAY].passed_hours == 23
    assert told[Period.ALL].passed_hours == 48
