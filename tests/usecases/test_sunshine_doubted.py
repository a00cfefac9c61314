"""What cannot be a solar forecast is none: the last good answer stays, then history counts, and health says why."""

from datetime import timedelta

import pytest

from app.domain.errors import UnavailableError
from app.looks.health import SOLAR, Status
from tests.fake_stores import NIGHT
from tests.fakes import FakeHome
from tests.usecases.test_sunshine import MORNING, SITE, FakeRoof

DAY = timedelta(days=1)


def house_under(roof: FakeRoof) -> FakeHome:
    home = FakeHome()
    home.become(sunshine=roof.sunshine)
    return home


def test_a_bright_day_of_zeros_is_no_forecast_and_the_last_good_answer_stays() -> None:
    roof = FakeRoof()
    home = house_under(roof)
    assert home.component(SOLAR, MORNING).status is Status.UNKNOWN
    roof.sunshine.refresh(SITE, MORNING)
    assert home.component(SOLAR, MORNING).status is Status.OK

    later = MORNING + timedelta(hours=1)
    roof.sun.dark = (later, later + 4 * DAY)
    with pytest.raises(UnavailableError, match="0 kW for all of 2026-06-02, a day with light"):
        roof.sunshine.refresh(SITE, later)

    found = roof.expected(later)
    assert found is not None
    assert max(found.kw) > 1
    told = home.component(SOLAR, later)
    assert told.status is Status.DEGRADED
    assert "fake sun known until 2026-06-05 08:00 UTC; fake sun: 0 kW for all of 2026-06-02" in told.detail


def test_without_a_good_answer_the_last_weeks_stand_in_and_health_says_so() -> None:
    roof = FakeRoof()
    roof.sun.dark = (NIGHT, NIGHT + 9 * DAY)
    with pytest.raises(UnavailableError):
        roof.sunshine.refresh(SITE, MORNING)

    assert roof.expected(MORNING) is None
    told = house_under(roof).component(SOLAR, MORNING)
    assert (told.status, told.detail) == (
        Status.DEGRADED,
        "the last weeks stand in: fake sun: 0 kW for all of 2026-06-02, a day with light: no forecast",
    )


def test_zeros_of_a_later_day_end_the_forecast_before_it() -> None:
    roof = FakeRoof()
    midnight = NIGHT.replace(hour=23) + DAY  # of 3 June in London
    roof.sun.dark = (midnight, midnight + DAY)
    roof.sunshine.refresh(SITE, MORNING)

    found = roof.expected(MORNING)
    assert found is not None
    assert found.slots[-1].end == midnight
    assert "0 kW for all of 2026-06-03" in house_under(roof).component(SOLAR, MORNING).detail


def test_zeros_after_sunset_are_a_night() -> None:
    roof = FakeRoof()
    roof.sun.dark = (NIGHT, NIGHT + timedelta(hours=5))
    roof.sunshine.refresh(SITE, NIGHT)

    assert roof.expected(NIGHT) is not None


@pytest.mark.parametrize("late_h", [-8, 6, 12])
def test_sun_at_night_is_no_forecast(late_h: float) -> None:
    roof = FakeRoof()
    roof.sun.late = timedelta(hours=late_h)
    with pytest.raises(UnavailableError, match=r"kW at 2026-06-0\d \d\d:\d0, when it is night there"):
        roof.sunshine.refresh(SITE, MORNING)

    assert roof.expected(MORNING) is None
    assert "when it is night there" in house_under(roof).component(SOLAR, MORNING).detail


def test_what_a_source_complains_of_is_said_while_its_answer_is_used() -> None:
    roof = FakeRoof()
    roof.sun.complaint = "sensor.tomorrow shows 'unavailable'"
    roof.sunshine.refresh(SITE, MORNING)

    assert roof.expected(MORNING) is not None
    told = house_under(roof).component(SOLAR, MORNING)
    assert told.status is Status.DEGRADED
    assert "sensor.tomorrow shows 'unavailable'" in told.detail
    roof.sun.complaint = None
    later = MORNING + timedelta(hours=1)
    roof.sunshine.refresh(SITE, later)
    assert house_under(roof).component(SOLAR, later).status is Status.OK
