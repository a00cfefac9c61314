"""Whole real days: what is done in every slot and why it is said to be, as a person has read and found right."""

import json
import re
from pathlib import Path

import pytest

from tests.builders import battery
from tests.control.days import FOLDER, tape_of, told

DAYS = sorted(FOLDER.glob("*.json"))


@pytest.mark.slow
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


BUYS = r"Energy costs (-?[\d.]+)p now and a stored kWh is worth (-?[\d.]+)p: charge"
SELLS = r"Exporting earns (-?[\d.]+)p now and a stored kWh is worth (-?[\d.]+)p: sell"


def test_what_is_said_of_worth_is_reason_enough_for_what_is_done() -> None:
    told = "\n".join(line for path in DAYS for line in json.loads(path.read_text())["told"])
    bought, sold = ([(float(price), float(worth)) for price, worth in re.findall(pattern, told)] for pattern in (BUYS, SELLS))
    one_way, rounded = battery().charge_efficiency, 0.1

    assert min(len(bought), len(sold)) > 10
    assert [pair for pair in bought if pair[1] * one_way < pair[0] - rounded] == []
    assert [pair for pair in sold if pair[1] / one_way > pair[0] + rounded] == []
