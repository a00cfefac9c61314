from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.reading import Quantity, Reading, reading
from app.domain.slot import slots_between
from app.forecasting.profile import forecast, no_sun, standard_load

NOW = datetime(2026, 6, 10, 12, 5, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
SLOTS = slots_between(NOW, NOW + timedelta(hours=47.5), minutes=30)


def measured(*, days: float = 7, without: range = range(0)) -> list[Reading]:
    """Ten-minute readings up to the current slot: the hour of the day in kW; without some hours of every day."""
    end = SLOTS[0].start
    times = [end - timedelta(minutes=10 * n) for n in range(1, int(days * 144) + 1)]
    return [
        reading(device="m", quantity=Quantity.LOAD_KW, at=at, value=float(at.hour), source="test")
        for at in reversed(times)
        if at.hour not in without
    ]


def expected(readings: list[Reading]) -> Forecast | None:
    return forecast(ForecastKind.LOAD, readings, SLOTS, now=NOW, minutes=30)


def test_the_mean_of_the_same_time_of_day_is_expected() -> None:
    found = expected(measured())

    assert found is not None
    assert found.kw == pytest.approx([slot.start.hour for slot in SLOTS])
    assert (found.slots, found.source, found.issued_at) == (SLOTS, "mean of the last 7 days", NOW)


def test_one_day_of_history_is_enough_and_a_time_of_day_never_seen_is_not_guessed() -> None:
    assert expected(measured(days=1.1)) is not None
    assert expected(measured(without=range(3, 5))) is None
    assert expected([]) is None


def test_load_never_goes_below_nothing() -> None:
    below = [reading(device="m", quantity=Quantity.LOAD_KW, at=each.at, value=-0.1, source="test") for each in measured()]

    found = expected(below)

    assert found is not None
    assert set(found.kw) == {0.0}


def test_without_history_a_standard_household_keeps_its_yearly_consumption() -> None:
    found = standard_load(SLOTS, annual_kwh=3650, zone=LONDON, now=NOW)

    assert sum(found.kw) / 2 == pytest.approx(20)
    assert found.source == "standard profile of 3650 kWh a year"
    evening = found.kw[[slot.start.astimezone(LONDON).hour for slot in SLOTS].index(18)]
    assert evening == max(found.kw)


def test_without_an_array_there_is_no_sun_and_it_says_so() -> None:
    found = no_sun(SLOTS, source="no array", now=NOW)

    assert set(found.kw) == {0.0}
    assert found.source == "no array"


@pytest.mark.parametrize("kw", [(1.0,) * 95, (1.0,) * 95 + (float("nan"),)])
def test_a_forecast_with_a_hole_is_refused(kw: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError):
        Forecast(kind=ForecastKind.SOLAR, slots=SLOTS, kw=kw, source="test", issued_at=NOW)
