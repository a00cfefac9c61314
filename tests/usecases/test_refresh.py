"""Prices: fetched, kept, and never lost to a failure."""

from datetime import timedelta

import pytest

from app.domain.errors import UnavailableError
from app.domain.site import HOME
from app.looks.health import Status
from tests.fakes import NIGHT, FakeHome


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


def test_nothing_published_is_late_not_an_error() -> None:
    home = FakeHome()
    home.tariff.known_until, home.tariff.due_until = NIGHT - timedelta(days=20), NIGHT + timedelta(hours=2)
    found = home.refresh.run(HOME, NIGHT)
    assert (found.stored, found.first, len(found.missing)) == (0, None, 4)
    assert home.component("prices", NIGHT).status is Status.FAILED
