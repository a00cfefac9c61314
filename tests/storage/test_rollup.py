from datetime import timedelta

import pytest

from app.domain.telemetry import Rolled
from app.storage.database import Database
from app.storage.rollup import AT_ONCE, RollupStore
from app.storage.telemetry import TelemetryStore
from tests.telemetry import DONGLE, NOON, at, live, record

LATER = at(300 + 91)


def rolled(database: Database) -> list[Rolled]:
    return RollupStore(database).between(DONGLE, NOON, NOON + timedelta(hours=1))


def test_a_window_is_rolled_up_once_it_is_over(database: Database) -> None:
    TelemetryStore(database).save([live(10 * n, battery_kw=float(n)) for n in range(1, 31)], at(300))
    store = RollupStore(database)

    assert store.roll(at(300)) == 0
    assert store.roll(LATER) == 1
    assert store.roll(LATER) == 0

    assert rolled(database) == [Rolled(device=DONGLE, start=NOON, covered_s=300, soc_pct=55.0, battery_kw=15.5)]


def test_a_minutes_record_counts_instead_of_its_live_samples_and_those_where_there_is_none(database: Database) -> None:
    lives = [live(10 * n, battery_kw=9.0) for n in range(1, 7)] + [live(60 + 10 * n, battery_kw=2.0) for n in range(1, 4)]
    TelemetryStore(database).save([*lives, record(0, 1, battery_kw=1.0), record(2, 2, battery_kw=4.0, soc_pct=None)], at(300))

    RollupStore(database).roll(LATER)

    [found] = rolled(database)
    assert found.covered_s == 60 + 30 + 60
    assert found.battery_kw == pytest.approx((60 * 1.0 + 30 * 2.0 + 60 * 4.0) / 150)
    assert found.soc_pct == pytest.approx(55.0)
    assert found.grid_kw is None


def test_what_comes_late_is_rolled_up_again(database: Database) -> None:
    store, rollups = TelemetryStore(database), RollupStore(database)
    store.save([record(0, 1, battery_kw=1.0)], at(61))
    rollups.roll(LATER)

    store.save([record(1, 2, battery_kw=3.0)], at(7200))
    store.save([record(2, 3, battery_kw=5.0)], at(7201))

    assert rollups.roll(at(7202)) == 1
    assert [each.battery_kw for each in rolled(database)] == [3.0]
    assert [each.covered_s for each in rolled(database)] == [180]


def test_the_last_ten_seconds_of_a_window_belong_to_it(database: Database) -> None:
    TelemetryStore(database).save([live(300, battery_kw=1.0), live(310, battery_kw=2.0)], at(310))

    RollupStore(database).roll(at(1000))

    assert [(each.start, each.battery_kw) for each in rolled(database)] == [(NOON, 1.0), (at(300), 2.0)]


def test_many_devices_are_rolled_up_part_by_part(database: Database) -> None:
    devices = [f"bat_{n:04d}" for n in range(AT_ONCE + 7)]
    TelemetryStore(database).save([live(10, device=device) for device in devices], at(11))

    assert RollupStore(database).roll(LATER) == AT_ONCE + 7
    assert RollupStore(database).between(devices[-1], NOON, at(1))[0].soc_pct == 55.0
