from datetime import timedelta

import pytest

from app.storage.database import Database
from app.storage.partitions import TelemetryDays
from app.storage.rollup import RollupStore
from app.storage.telemetry import TelemetryStore
from tests.stack.mariadb import MariaDb
from tests.telemetry import DONGLE, NOON, at, live

DAY = timedelta(days=1)
DAY_S = 86400


def test_forgets_raw_days_before_means(database: Database) -> None:
    days, store = TelemetryDays(database, raw_days=7, rolled_days=20), TelemetryStore(database)
    days.keep(NOON)
    store.save([live(n * DAY_S) for n in range(3)], at(2 * DAY_S))
    RollupStore(database).roll(at(3 * DAY_S))

    days.keep(NOON + 9 * DAY + DAY / 2)

    assert store.between(DONGLE, NOON, NOON + 3 * DAY) == [live(2 * DAY_S)] or store.between(DONGLE, NOON, NOON + 3 * DAY) == []
    assert len(RollupStore(database).between(DONGLE, NOON - DAY, NOON + 3 * DAY)) == 3
    days.keep(NOON + 40 * DAY)
    assert store.between(DONGLE, NOON, NOON + 3 * DAY) == []
    assert RollupStore(database).between(DONGLE, NOON - DAY, NOON + 3 * DAY) == []


def test_samples_older_than_any_day_or_beyond_the_last_are_kept_too(database: Database) -> None:
    TelemetryDays(database, raw_days=7, rolled_days=20).keep(NOON)
    store = TelemetryStore(database)

    store.save([live(-30 * DAY_S), live(100 * DAY_S)], NOON)

    assert store.between(DONGLE, NOON - 31 * DAY, NOON + 101 * DAY) == [live(-30 * DAY_S), live(100 * DAY_S)]


@pytest.mark.stack
def test_mariadb_cuts_days_ahead_and_drops_them_whole(mariadb: MariaDb, mariadb_database: Database) -> None:
    days = TelemetryDays(mariadb_database, raw_days=2, rolled_days=20)
    names = "SELECT partition_name FROM information_schema.partitions WHERE table_schema = 'optimizer' AND table_name = 'telemetry'"

    def there() -> set[str]:
        return {row[0] for row in mariadb.execute(names)}

    start = NOON + 400 * DAY
    days.keep(start)
    first = there()
    days.keep(start)
    assert there() == first
    assert f"p{start:%Y%m%d}" in first
    assert f"p{start + 3 * DAY:%Y%m%d}" in first

    days.keep(start + 10 * DAY)  # away for days

    assert f"p{start:%Y%m%d}" not in there()
    assert f"p{start + 10 * DAY:%Y%m%d}" in there()
    assert f"p{start + 13 * DAY:%Y%m%d}" in there()
