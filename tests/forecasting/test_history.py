from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.domain.reading import Quantity, Reading, reading
from app.forecasting.history import slot_means

START = datetime(2026, 6, 1, tzinfo=UTC)


def seen(*readings: tuple[float, float | None]) -> list[Reading]:
    """Readings as (minutes after the start, kW)."""
    return [
        reading(device="m", quantity=Quantity.LOAD_KW, at=START + timedelta(minutes=at), value=kw, source="test") for at, kw in readings
    ]


def means(*readings: tuple[float, float | None], count: int = 2, minutes: int = 30) -> list[float]:
    return list(map(float, slot_means(seen(*readings), first=START, minutes=minutes, count=count)))


def test_a_mean_is_weighted_by_time_not_by_readings() -> None:
    assert means((0, 1), (10, 4), (11, 4), (12, 4), (20, 1), (29.99, 1), count=1) == pytest.approx([2], abs=0.01)


def test_a_reading_holds_into_the_next_slot_but_not_for_ever() -> None:
    found = means((0, 2), (14, 2), (28, 2), (42, 2), count=3)

    assert found[:2] == pytest.approx([2, 2])
    assert np.isnan(found[2])


def test_a_slot_with_less_than_half_its_time_measured_is_missing() -> None:
    assert np.isnan(means((0, 2), (14, None), count=1)).tolist() == [False]
    assert np.isnan(means((16, 2), count=1)).tolist() == [True]


def test_a_gap_is_missing_not_nothing() -> None:
    found = means((0, 1), (10, 1), (20, 1), (90, 3), (100, 3), (110, 3), count=4)

    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1:3]).all()
    assert found[3] == pytest.approx(3)


def test_missing_and_impossible_readings_do_not_count() -> None:
    assert means((0, 1), (5, None), (10, 5000), (14, 1), (20, 1), count=1) == pytest.approx([1])


def test_readings_from_before_the_start_reach_in() -> None:
    assert means((-5, 3), (5, 3), (15, 3), (25, 3), count=1) == pytest.approx([3])


def test_nothing_seen_is_nothing_known() -> None:
    assert np.isnan(means(count=3)).all()
    assert np.isnan(means((-500, 3), (500, 3), count=2)).all()


def test_the_energy_of_irregular_readings_is_kept() -> None:
    dice = np.random.default_rng(5)
    at = np.cumsum(dice.uniform(0.1, 10, 400))
    kw = dice.gamma(1, 2, 400)
    count = int(at[-1] // 15)

    found = slot_means(seen(*zip(at.tolist(), kw.tolist(), strict=True)), first=START, minutes=15, count=count)

    each_second = kw[np.searchsorted(at, np.arange(15, 15 * count, 1 / 60), side="right") - 1]
    assert found[1:].mean() == pytest.approx(each_second.mean(), rel=0.002)
