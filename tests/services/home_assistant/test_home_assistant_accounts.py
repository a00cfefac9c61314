from datetime import UTC, datetime, timedelta

from app.domain.ledger import BASELINES
from app.domain.site import HOME
from app.domain.slot import slots_between
from app.ledger.period import Period
from app.looks.forecast_quality import ForecastQuality
from app.looks.savings import Account
from app.services.home_assistant.accounts import EVERY, KEPT_FOR, Accounts, keys
from app.usecases.settle import GRACE
from tests.books import Books
from tests.fake_stores import FakeForecasts
from tests.records import forecast

START = datetime(2026, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOON = START + 1.5 * DAY + GRACE


def lived() -> tuple[Books, Accounts]:
    """A house that lived for a day and a half; its load was forecast to be 1 kW throughout the first day."""
    books = Books(START).price(START - DAY, START + 3 * DAY)
    books.live(START, START + 1.5 * DAY)
    books.run(NOON)
    forecasts = FakeForecasts(books.disk)
    slots = tuple(slots_between(START, START + DAY, minutes=30))
    forecasts.save(HOME, forecast(kw=[1.0] * len(slots), slots=slots, issued_at=START))
    quality = ForecastQuality(forecasts, books.ledger)
    return books, Accounts(account=Account(books.homes, books.ledger), quality=quality)


def test_savings_are_those_of_the_statement_and_say_since_when() -> None:
    _, accounts = lived()
    told = accounts.states(HOME, NOON)

    assert set(told) == set(keys())
    for period, since in ((Period.DAY, START + DAY), (Period.MONTH, datetime(2026, 1, 1, tzinfo=UTC))):
        whole = accounts.account.statement(HOME, period, None, NOON).whole
        assert datetime.fromisoformat(str(told[f"saved_{period}_since"])) == since
        assert {case: told[f"saved_{period}_{case}"] for case in BASELINES} == {case: round(whole.saved(case), 2) for case in BASELINES}
    assert told["saved_day_no_battery"] != told["saved_month_no_battery"]


def test_the_forecast_error_is_that_of_six_to_twenty_four_hours_ahead() -> None:
    _, accounts = lived()
    told = accounts.states(HOME, NOON)

    score = next(each for each in accounts.quality.scores(HOME, NOON, days=7) if each.from_hours == 6)
    assert told["load_forecast_error"] == round(score.mae_kw, 3)
    assert score.mae_kw > 0
    assert told["solar_forecast_error"] is None, "nobody forecast it"


def test_it_is_added_up_again_after_a_while_and_after_a_clock_set_back() -> None:
    books, accounts = lived()
    before = accounts.states(HOME, NOON)
    books.ledger.rows.clear()

    assert accounts.states(HOME, NOON + EVERY / 2) == before
    assert accounts.states(HOME, NOON - timedelta(seconds=1))["saved_day_no_battery"] is None, "nothing settled is not 0"


def test_without_a_database_it_says_what_it_knew_and_at_first_nothing() -> None:
    books, accounts = lived()
    books.disk.away = True
    assert accounts.states(HOME, NOON) == dict.fromkeys(keys())

    books.disk.away = False
    known = accounts.states(HOME, NOON)
    books.disk.away = True
    assert accounts.states(HOME, NOON + 2 * EVERY) == known
    assert accounts.states(HOME, NOON + KEPT_FOR + EVERY) == dict.fromkeys(keys()), "yesterday's is not today's"
