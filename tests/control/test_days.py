"""Whole real days: what is done in every slot and why it is said to be, as a person has read and found right."""

import json
from pathlib import Path

import pytest

from tests.control.days import FOLDER, tape_of, told

DAYS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)
def test_a_whole_day_is_decided_and_explained_as_its_file_says(path: Path) -> None:
    day = json.loads(path.read_text())

    assert len(day["why"]) > 40
    assert told(day) == day["told"]


def test_the_days_are_what_they_are_here_for() -> None:
    days = {path.stem: json.loads(path.read_text()) for path in DAYS}
    spans = {name: slice(tape_of(day).per_day * 8, tape_of(day).per_day * 8 + len(day["told"])) for name, day in days.items()}

    assert len(days["clock_goes_forward"]["told"]) == 46
    assert min(days["negative_prices"]["buy"][spans["negative_prices"]]) < -0.05
    day = days["export_above_import"]
    pairs = zip(day["sell"][spans["export_above_import"]], day["buy"][spans["export_above_import"]], strict=True)
    assert sum(sell > buy > 0 for sell, buy in pairs) >= 8
    assert any("10.0 kWh" in line for line in days["full_at_noon"]["told"] if line[:5] == "12:00")
