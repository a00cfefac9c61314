from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.domain.errors import UnavailableError
from app.domain.slot import slots_between
from app.forecasting.steps import Steps, as_given, flat, onto

START = datetime(2026, 6, 1, tzinfo=UTC)
S = START.timestamp()


def steps(*rows: tuple[float, float, float]) -> Steps:
    """Return steps from rows of start hour, end hour, kW."""
    starts, ends, kw = (np.array(side, dtype=np.float64) for side in zip(*rows, strict=True))
    return Steps(starts_s=S + 3600 * starts, ends_s=S + 3600 * ends, kw=kw)


def slots(hours: float = 2, minutes: int = 30) -> tuple:  # type: ignore[type-arg]
    return slots_between(START, START + timedelta(hours=hours), minutes=minutes)


def test_hours_become_half_hours_and_quarters_become_hours() -> None:
    assert onto(slots(), steps((0, 1, 2.0), (1, 2, 4.0)), flat) == pytest.approx([2, 2, 4, 4])
    assert onto(slots(1, 60), steps((0, 0.25, 1.0), (0.25, 0.5, 2.0), (0.5, 1, 3.0)), flat) == pytest.approx([2.25])


def test_energy_stays_whatever_the_shape() -> None:
    found = onto(slots(), steps((0, 2, 3.0)), lambda at_s: at_s - S)

    assert found.mean() == pytest.approx(3)
    assert found == pytest.approx([0.75, 2.25, 3.75, 5.25])


def test_a_step_that_began_earlier_gives_only_its_part() -> None:
    assert onto(slots(1), steps((-3, 1, 2.0)), lambda at_s: at_s - S + 3 * 3600) == pytest.approx([3.25, 3.75])


def test_what_is_not_covered_is_not_nothing() -> None:
    found = onto(slots(), steps((0, 1.25, 2.0), (1.5, 2, 0.0)), flat)

    assert np.isnan(found).tolist() == [False, False, True, False]
    assert as_given(slots(), found, source="test", now=START).slots == slots()[:2]
    with pytest.raises(UnavailableError, match="does not cover now"):
        as_given(slots(), onto(slots(), steps((5, 6, 1.0)), flat), source="test", now=START)


def test_odd_stamps_and_dark_shapes_keep_their_energy() -> None:
    found = onto(slots(), steps((0, 0.777, 0.1), (0.777, 1.111, 5.0), (1.111, 2, 0.2)), np.zeros_like)

    assert found.sum() / 2 == pytest.approx(0.0777 + 1.67 + 0.1778)


def test_refuses_overlaps_and_holes() -> None:
    for rows in (((0, 1, 1.0), (0.5, 2, 1.0)), ((1, 1, 1.0),), ((0, 1, float("nan")),)):
        with pytest.raises(UnavailableError):
            steps(*rows)
