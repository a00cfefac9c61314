"""What a house of this size cannot show is suspect, and a jump until another reading agrees."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.plausible import AGREES_AFTER, judged, ranges
from app.domain.reading import Quality, Quantity, Reading, reading
from app.domain.site import SolarArray
from tests.builders import START, battery, house

HOUSE = ranges(house(battery(capacity_kwh=10, power_kw=5), import_limit_kw=15, export_limit_kw=5))
"""15 kW of fuse, a battery of 10 kWh and 5 kW, 4 kW of roof."""
GOOD, SUSPECT = Quality.GOOD, Quality.SUSPECT
MINUTE = timedelta(minutes=1)


def told(value: float | None, minute: float = 0, *, quantity: Quantity = Quantity.SOC_PCT, device: str = "bat_a") -> Reading:
    return reading(device=device, quantity=quantity, at=START + minute * MINUTE, value=value, source="test")


def soc(*values: float | None, every: float = 5) -> list[Quality]:
    return [each.quality for each in judged([told(value, n * every) for n, value in enumerate(values)], HOUSE)]


@pytest.mark.parametrize(
    ("quantity", "value", "quality"),
    [
        (Quantity.LOAD_KW, 65.535, SUSPECT),
        (Quantity.LOAD_KW, 32.767, SUSPECT),
        (Quantity.LOAD_KW, 18.0, GOOD),
        (Quantity.GRID_KW, -32.768, SUSPECT),
        (Quantity.GRID_KW, 16.5, GOOD),
        (Quantity.GRID_KW, -6.0, GOOD),
        (Quantity.BATTERY_KW, 65.535, SUSPECT),
        (Quantity.BATTERY_KW, -5.8, GOOD),
        (Quantity.SOLAR_KW, 6.5535, SUSPECT),
        (Quantity.SOLAR_KW, 4.8, GOOD),
        (Quantity.BATTERY_VOLTAGE_V, 400.0, GOOD),
    ],
)
def test_what_fuse_roof_and_battery_cannot_do_is_suspect(quantity: Quantity, value: float, quality: Quality) -> None:
    one, other = judged([told(value, quantity=quantity), told(value, 5, quantity=quantity)], HOUSE)
    assert (one.quality, other.quality) == (quality, quality), "also when it is told again"
    assert one.value == value


def test_of_a_roof_that_is_not_described_nothing_is_known() -> None:
    without = ranges(replace(house(), solar=SolarArray()))
    assert judged([told(30.0, quantity=Quantity.SOLAR_KW)], without)[0].quality is GOOD


def test_one_poll_of_zero_is_suspect_and_the_next_good_one_is_good() -> None:
    assert soc(55, 0, 54.5, 54) == [GOOD, SUSPECT, GOOD, GOOD]


def test_a_jump_is_believed_once_a_second_reading_agrees() -> None:
    assert soc(92, 100, 100, 99) == [GOOD, GOOD, GOOD, GOOD], "in five minutes ten percent can be"
    assert soc(60, 100, 100, 99) == [GOOD, SUSPECT, GOOD, GOOD]
    assert soc(60, 0, 100, 99) == [GOOD, SUSPECT, SUSPECT, GOOD], "two jumps do not agree with each other"


def test_the_same_poll_told_twice_does_not_agree_with_itself() -> None:
    within = AGREES_AFTER / MINUTE / 2
    found = judged([told(55), told(0, 5), told(0, 5 + within), told(0, 6)], HOUSE)
    assert [each.quality for each in found] == [GOOD, SUSPECT, SUSPECT, GOOD]


def test_what_a_battery_does_in_the_time_since_is_good() -> None:
    assert soc(55, 35, every=20) == [GOOD, GOOD]
    assert soc(55, 0, every=120) == [GOOD, GOOD], "two hours are enough for all of it"
    assert soc(55, None, 255, 0) == [GOOD, Quality.MISSING, SUSPECT, SUSPECT], "a silence and nonsense say nothing"


def test_each_device_is_compared_with_itself() -> None:
    found = judged([told(55), told(20, 1, device="bat_b"), told(54, 2), told(19, 3, device="bat_b")], HOUSE)
    assert [each.quality for each in found] == [GOOD] * 4


def test_what_was_told_before_counts_and_a_batch_keeps_its_order() -> None:
    before = judged([told(55), told(0, 5)], HOUSE)
    found = judged([told(0, 15), told(0, 10)], HOUSE, before)
    assert [(each.at, each.quality) for each in found] == [(START + 15 * MINUTE, GOOD), (START + 10 * MINUTE, GOOD)]
    assert judged([told(54, 10)], HOUSE, before)[0].quality is GOOD


def test_a_house_without_a_battery_can_be_judged() -> None:
    none = ranges(house(battery(capacity_kwh=0, power_kw=0)))
    assert judged([told(1.0, quantity=Quantity.BATTERY_KW)], none)[0].quality is SUSPECT
    assert none[Quantity.SOC_PCT].memory == timedelta(hours=24)


@given(st.lists(st.floats(0, 100) | st.sampled_from([0.0, 100.0, 255.0]) | st.none(), max_size=40))
def test_every_series_is_believed_again_after_two_readings_that_agree(values: Sequence[float | None]) -> None:
    told_all = [told(value, n) for n, value in enumerate([*values, 40.0, 40.0])]
    found = judged(told_all, HOUSE)
    assert [each.value for each in found] == [each.value for each in told_all]
    assert found[-1].quality is GOOD
    good = [each for each in found if each.quality is GOOD]
    assert all(0 <= (each.value or 0) <= 100 for each in good)
    first = judged(told_all[:20], HOUSE)
    assert [*first, *judged(told_all[20:], HOUSE, first)] == found, "whether it comes at once or in parts"
