from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.errors import InvalidInputError
from app.domain.forecast import Forecast, ForecastKind
from app.domain.site import HOME, SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.forecasts import ForecastStore
from tests.records import NOON, at, forecast, slot


@pytest.fixture
def store(database: Database) -> ForecastStore:
    return ForecastStore(database)


QUARTER = Slot(NOON, NOON + timedelta(minutes=15))
IRREGULAR = (Slot(NOON.replace(microsecond=7), QUARTER.end), Slot(QUARTER.end, at(1)), slot(1), slot(2), slot(5), slot(4))


SPREAD = forecast([0.4, 1 / 3], low_kw=(0.0, 0.1 + 0.2), high_kw=(0.5, 1 / 3))


@pytest.mark.parametrize("saved", [forecast([0.1 + 0.2, 1 / 3, 5e-324]), forecast([]), forecast([1.0] * 6, slots=IRREGULAR), SPREAD])
def test_gives_back_what_was_saved(store: ForecastStore, saved: Forecast) -> None:
    store.save(HOME, saved)

    assert store.latest(HOME, ForecastKind.LOAD, NOON) == saved


def test_a_forecast_is_never_changed(store: ForecastStore) -> None:
    store.save(HOME, forecast([1.0]))
    store.save(HOME, forecast([2.0]))

    assert store.latest(HOME, ForecastKind.LOAD, NOON) == forecast([1.0])


def test_latest_is_the_one_issued_last_before_an_instant(store: ForecastStore) -> None:
    for n in (2, 0, 1):
        store.save(HOME, forecast([n], issued_at=at(n)))

    assert store.latest(HOME, ForecastKind.LOAD, at(1.5)) == forecast([1], issued_at=at(1))
    assert store.latest(HOME, ForecastKind.LOAD, at(2)) == forecast([2], issued_at=at(2))
    assert store.latest(HOME, ForecastKind.LOAD, at(-1)) is None
    assert store.latest(HOME, ForecastKind.SOLAR, at(9)) is None
    assert store.latest(SiteId("neighbour"), ForecastKind.LOAD, at(9)) is None


def test_issued_leaves_out_what_came_soon_after_another(store: ForecastStore) -> None:
    for n in (0, 1, 4, 11, 12, 13):
        store.save(HOME, forecast([n], issued_at=at(n)))
    store.save(SiteId("neighbour"), forecast([7], issued_at=at(7)))

    found = store.issued(HOME, ForecastKind.LOAD, at(0), at(13), apart=timedelta(hours=6))

    assert [each.kw[0] for each in found] == [0, 12]
    assert store.issued(HOME, ForecastKind.SOLAR, at(0), at(13), apart=timedelta(0)) == []
    assert len(store.issued(HOME, ForecastKind.LOAD, at(1), at(13), apart=timedelta(0))) == 4


def test_a_forecast_from_before_spreads_were_kept_has_none(store: ForecastStore) -> None:
    store.save(HOME, forecast([1.0]))
    store.database.write(lambda session: session.execute(text("UPDATE forecasts SET spread = NULL")))

    assert store.latest(HOME, ForecastKind.LOAD, NOON) == forecast([1.0])


def test_refuses_a_power_that_is_no_number(store: ForecastStore) -> None:
    with pytest.raises(InvalidInputError, match="a hole: missing is not 0"):
        store.save(HOME, forecast([float("nan")]))
