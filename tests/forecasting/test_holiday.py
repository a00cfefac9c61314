"""A house left alone for two weeks: the forecast follows within a day, and knows the old habits when everybody is back."""

from dataclasses import replace

import numpy as np

from app.domain.tape import Tape
from tests.forecasting.test_expect import expected
from tests.tapes import real_year

FIRST_DAY, DAYS_AWAY, BASE_KW = 150, 14, 0.22
SOME_HOURS = (0, 12, 24, 36)


def left_alone() -> Tape:
    tape, load = real_year(), real_year().load_kw.copy()
    load[FIRST_DAY * tape.per_day : (FIRST_DAY + DAYS_AWAY) * tape.per_day] = BASE_KW
    return replace(tape, load_kw=load)


def errors_kw(tape: Tape, days: range) -> tuple[float, float]:
    """Return the mean errors a day ahead of the forecast, and of the mean of the last seven days."""
    ours, simple = [], []
    for n in (day * tape.per_day + hour for day in days for hour in SOME_HOURS):
        true = tape.load_kw[n : n + tape.per_day]
        ours.append(np.abs(np.array(expected(tape, n).load.kw) - true).mean())
        simple.append(np.abs(tape.load_kw[n - 7 * tape.per_day : n].reshape(7, -1).mean(axis=0) - true).mean())
    return float(np.mean(ours)), float(np.mean(simple))


def test_an_empty_house_is_foretold_as_one_after_a_day() -> None:
    away, _ = errors_kw(left_alone(), range(FIRST_DAY + 1, FIRST_DAY + DAYS_AWAY - 1))

    assert away < 0.1


def test_after_the_holiday_the_old_habits_are_remembered() -> None:
    back = range(FIRST_DAY + DAYS_AWAY, FIRST_DAY + DAYS_AWAY + 7)
    ours, simple = errors_kw(left_alone(), back)
    never_away, _ = errors_kw(real_year(), back)

    assert ours < simple
    assert ours < 1.1 * never_away
