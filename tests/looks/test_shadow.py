"""A week beside another controller, without touching its house."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError
from app.domain.forecast import ForecastKind
from app.domain.ledger import Case
from app.domain.site import HOME, Mode
from app.domain.slot import Slot
from app.looks.forecast_quality import ForecastQuality
from app.looks.shadow import Shadow, last_weeks
from app.usecases.settle import GRACE
from tests.books import Books, commanded
from tests.documents import prefer_in
from tests.fake_stores import FakeForecasts
from tests.fleet.dongles import FakeDevices
from tests.records import forecast, outcome

START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = Slot(START, START + 7 * DAY)


def observed(days: int = 3) -> tuple[Books, Shadow]:
    books = Books(START).price(START - DAY, START + 8 * DAY)
    books.live(START, START + days * DAY, control=lambda _: Command(mode=Mode.SELF_USE))
    books.run(START + days * DAY + GRACE)
    return books, Shadow(books.homes, books.ledger, books.decisions)


def test_the_same_decisions_cost_what_the_same_controller_costs() -> None:
    books, shadow = observed()
    books.decide(START, START + 3 * DAY, control=lambda _: Command(mode=Mode.SELF_USE))

    (week,) = shadow.run(HOME, WEEK).weeks

    assert week.ours.net_cost == pytest.approx(week.savings.actual.net_cost, abs=0.1), (
        "3p a day: a meter sees surplus and deficit alternate within a half-hour"
    )
    assert week.decided_hours == week.counted_hours


def test_other_decisions_are_scored_on_the_measured_house_and_nothing_is_touched() -> None:
    books, shadow = observed()
    books.decide(START, START + 3 * DAY, control=commanded)
    before = books.disk.writes.copy()

    found = shadow.run(HOME, WEEK)

    assert found.observing
    week = found.weeks[-1]
    assert week.ours.charge_kwh > week.savings.actual.charge_kwh + 1
    assert {each.case for each in week.savings.baselines} == {Case.NO_BATTERY, Case.SELF_USE, Case.RULES}
    assert books.disk.writes == before


def test_decisions_somebody_carried_out_are_no_shadow_unless_it_is_a_dry_run() -> None:
    books, shadow = observed()
    first = books.decide(START, START + DAY)[0]
    books.decisions.add_outcome(HOME, first.id, outcome())

    told = shadow.run(HOME, WEEK)
    assert (told.observing, told.carried_out) == (False, 1)
    prefer_in(books.homes, FakeDevices(books.disk)).change(HOME, dry_run=True, actor="owner", now=START)
    assert shadow.run(HOME, WEEK).observing


def test_a_span_has_an_end() -> None:
    _, shadow = observed(1)
    with pytest.raises(InvalidInputError):
        shadow.run(HOME, last_weeks(START, 60))
    assert shadow.run(HOME, last_weeks(START - 9 * DAY, 1)).weeks == ()


def test_forecasts_are_scored_against_what_was_measured_and_not_against_what_was_derived() -> None:
    books, _ = observed(1)
    forecasts = FakeForecasts(books.disk)
    slots = tuple(Slot(START + n * HOUR / 2, START + (n + 1) * HOUR / 2) for n in range(12))
    forecasts.save(HOME, forecast(kw=[1.0] * 12, slots=slots, issued_at=START))
    quality = ForecastQuality(forecasts, books.ledger)

    (found,) = quality.scores(HOME, START + DAY, days=2)
    settled = books.ledger.between(HOME, START, START + 6 * HOUR)
    loads = [2 * each.energies.load_kwh for each in settled if each.energies is not None]
    assert (found.kind, found.count) == (ForecastKind.LOAD, 12)
    assert found.bias_kw == pytest.approx(1.0 - sum(loads) / 12)
    assert quality.scores(HOME, START + 9 * DAY, days=2) == []
