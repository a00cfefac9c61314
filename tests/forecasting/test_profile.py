from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.slot import slots_between
from app.forecasting.profile import no_sun, standard_load

NOW = datetime(2026, 6, 10, 12, 5, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
SLOTS = slots_between(NOW, NOW + timedelta(hours=47.5), minutes=30)


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
