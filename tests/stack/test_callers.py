"""No caller can stop the others: the drill with few of those others."""

from pathlib import Path

import pytest

from tests.drills import drill_callers

pytestmark = pytest.mark.stack


def test_silent_callers_viewers_and_solvers_take_neither_answers_nor_memory_nor_disk(tmp_path: Path) -> None:
    report = drill_callers.run(tmp_path, times=5)
    assert report.broken == []
    assert sum("recommendation: 5 of 5 answered (5 optimizer)" in line for line in report.lines) == 6
