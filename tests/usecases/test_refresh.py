"""Prices: fetched, kept, and never lost to a failure."""

from datetime import timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.price import Direction, Provenance
from app.domain.site import HOME
from app.looks.health import Status
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome, FakeTariff


def test_tells_what_came_and_what_is_late() -> None:
    home = FakeHome()
    home.tariff.due_until = home.tariff.known_until + timedelta(hours=1)
    found = home.refresh.run(HOME, NIGHT)
    assert found.stored == 2 * 48 * 9  # eight days back, one ahead, both directions
    assert (found.last, len(found.missing)) == (home.tariff.known_until, 2)
    prices = home.component("prices", NIGHT)
    assert prices.status is Status.DEGRADED
    assert "2 slots" in prices.detail


def test_a_failure_keeps_the_last_good_prices() -> None:
    home = FakeHome().priced()
    before = dict(home.prices.rows)
    home.tariff.away = True
    with pytest.raises(UnavailableError):
        home.refresh.run(HOME, NIGHT + timedelta(minutes=30))
    assert home.prices.rows == before
    prices = home.component("prices", NIGHT)
    assert prices.status is Status.DEGRADED
    assert "HTTP 500" in prices.detail


def test_the_same_prices_again_are_nothing_new() -> None:
    home = FakeHome().priced()
    assert home.refresh.run(HOME, NIGHT + timedelta(minutes=30)).stored == 0


def test_a_silence_leaves_no_hole() -> None:
    home = FakeHome().priced()
    back = NIGHT + timedelta(days=4)
    home.tariff.known_until = back + timedelta(days=1)
    home.priced(back)
    start, _ = home.tariff.asked[-1]
    assert start == NIGHT - timedelta(days=1)


def test_an_empty_answer_is_an_error_and_no_answer() -> None:
    home = FakeHome()
    home.tariff.known_until, home.tariff.due_until = NIGHT - timedelta(days=20), NIGHT + timedelta(hours=2)
    with pytest.raises(UnavailableError, match="fake tells no import price and fake tells no export price"):
        home.refresh.run(HOME, NIGHT)
    prices = home.component("prices", NIGHT)
    assert prices.status is Status.FAILED
    assert "fake tells no import price" in prices.detail


def test_a_publication_that_is_late_is_no_error_and_what_is_known_stays() -> None:
    home = FakeHome().priced()
    before = dict(home.prices.rows)
    home.tariff.known_until, home.tariff.due_until = NIGHT - timedelta(hours=1), NIGHT + timedelta(hours=2)
    found = home.refresh.run(HOME, NIGHT)
    assert (found.last, len(found.missing)) == (NIGHT - timedelta(hours=1), 4)
    assert home.prices.rows == before


@pytest.mark.parametrize("retired", [timedelta(hours=1), timedelta(days=20)])
def test_a_direction_that_ends_while_the_other_goes_on_is_an_error(retired: timedelta) -> None:
    home = FakeHome()
    home.tariff.silent, home.tariff.silent_from = Direction.EXPORT, NIGHT - retired
    with pytest.raises(UnavailableError, match=r"^fake tells no export price for now or later"):
        home.refresh.run(HOME, NIGHT)


def test_a_direction_that_is_wholly_missing_is_an_error_and_what_is_known_of_it_stays() -> None:
    home = FakeHome().priced()
    later, before = NIGHT + timedelta(hours=1), dict(home.prices.rows)
    home.tariff.silent, home.tariff.shift = Direction.EXPORT, 0.02
    with pytest.raises(UnavailableError, match="fake tells no export price for now or later"):
        home.refresh.run(HOME, later)
    now = home.prices.rows
    assert {key: price for key, price in now.items() if key[1] is Direction.EXPORT} == {
        key: price for key, price in before.items() if key[1] is Direction.EXPORT
    }
    assert now[later, Direction.IMPORT].per_kwh == pytest.approx(before[later, Direction.IMPORT].per_kwh + 0.02)
    prices = home.component("prices", later)
    assert prices.status is Status.DEGRADED
    assert "fake tells no export price" in prices.detail


def test_what_is_withdrawn_stops_counting_as_published_and_what_is_over_stays() -> None:
    home = FakeHome().priced()
    home.tariff.known_until = NIGHT + timedelta(hours=3)
    home.refresh.run(HOME, NIGHT + timedelta(hours=1))

    assert max(start for start, _ in home.prices.rows) == NIGHT + timedelta(hours=2.5)
    assert (NIGHT - timedelta(hours=1), Direction.IMPORT) in home.prices.rows
    told = {priced.slot.start: priced.provenance for priced in home.outlook.conditions(home.site, NIGHT + timedelta(hours=1)).priced}
    assert told[NIGHT + timedelta(hours=2.5)] is Provenance.PUBLISHED
    assert told[NIGHT + timedelta(hours=3)] is Provenance.ESTIMATED


@pytest.mark.parametrize("away", [False, True])
def test_another_tariff_ends_what_the_former_one_told_of_what_is_ahead(*, away: bool) -> None:
    home = FakeHome().priced()
    former = dict(home.prices.rows)
    later = NIGHT + timedelta(minutes=40)
    home.become(source=FakeTariff(NIGHT + timedelta(hours=2), name="another", shift=0.1, away=away))
    assert home.outlook.conditions(home.site, later).current is not None

    if away:
        with pytest.raises(UnavailableError):
            home.refresh.run(HOME, later)
    else:
        home.refresh.run(HOME, later)

    ahead = {price.source for (start, _), price in home.prices.rows.items() if start + timedelta(minutes=30) > later}
    assert ahead == (set() if away else {"another"})
    over = {key: price for key, price in former.items() if price.slot.end <= later}
    assert over.keys() <= home.prices.rows.keys()
    assert (home.outlook.conditions(home.site, later).current is None) == away, "nobody acts on a former tariff's price"
