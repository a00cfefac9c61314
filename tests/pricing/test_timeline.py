from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.price import Direction, Price, PriceRange, Provenance
from app.domain.slot import Slot, slots_between
from app.pricing.timeline import LOOK_BACK_DAYS, missing, timeline
from tests.builders import GBP

LONDON = ZoneInfo("Europe/London")
DAY = datetime(2026, 6, 10, tzinfo=UTC)
HALF_HOUR, HOUR, A_DAY = timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)


def published(
    start: datetime,
    *per_kwh: float,
    direction: Direction = Direction.IMPORT,
    step: timedelta = HALF_HOUR,
    provenance: Provenance = Provenance.PUBLISHED,
) -> list[Price]:
    return [
        Price(slot=Slot(start + n * step, start + (n + 1) * step), direction=direction, per_kwh=each, provenance=provenance, source="test")
        for n, each in enumerate(per_kwh)
    ]


def sold(start: datetime, *per_kwh: float, step: timedelta = HALF_HOUR) -> list[Price]:
    return published(start, *per_kwh, direction=Direction.EXPORT, step=step)


def slots(start: datetime, hours: float, *, minutes: int = 30) -> tuple[Slot, ...]:
    return slots_between(start, start + timedelta(hours=hours), minutes=minutes)


def test_published_prices_are_taken_as_they_are() -> None:
    line = timeline(published(DAY, 0.1, -0.02) + sold(DAY, 0.05, 0.06), slots(DAY, 1), zone=LONDON, money=GBP)

    assert [(each.import_per_kwh, each.export_per_kwh) for each in line] == [(0.1, 0.05), (-0.02, 0.06)]
    assert {each.provenance for each in line} == {Provenance.PUBLISHED}


def test_beyond_the_published_end_the_profile_of_the_last_days_is_taken_at_the_level_of_the_last_and_marked() -> None:
    yesterday = DAY - A_DAY
    prices = published(yesterday, 0.2, 0.3) + sold(yesterday, 0.07, 0.08) + published(DAY, 0.1) + sold(DAY, 0.05)

    line = timeline(prices, slots(DAY, 1), zone=LONDON, money=GBP)

    assert [each.provenance for each in line] == [Provenance.PUBLISHED, Provenance.ESTIMATED]
    assert 0.2 < line[1].import_per_kwh < 0.3, "yesterday's price, drawn down by today's lower level"
    assert 0.06 < line[1].export_per_kwh < 0.08


def week_of(amplitude: float) -> list[Price]:
    """Seven days, each at another level, sold at a fixed price."""
    days = [published(DAY - n * A_DAY, *[0.2 + amplitude * level] * 48) for n, level in enumerate((0, 3, -1, 2, -2, 1, -3), start=1)]
    return [price for day in days for price in day] + sold(DAY - 7 * A_DAY, 0.15, step=30 * A_DAY)


def test_an_estimate_has_a_range_as_wide_as_such_estimates_were_wrong_and_a_published_price_has_none() -> None:
    calm, wild = (timeline(week_of(amplitude), slots(DAY - HALF_HOUR, 1), zone=LONDON, money=GBP) for amplitude in (0.01, 0.05))

    assert [(each[0].import_range, each[1].export_range) for each in (calm, wild)] == [(None, None)] * 2
    narrow, wide = (each[1].import_range for each in (calm, wild))
    assert narrow is not None
    assert wide is not None
    assert narrow.low < calm[1].import_per_kwh < narrow.high
    assert wide.high - wide.low == pytest.approx(5 * (narrow.high - narrow.low))


def test_one_day_teaches_no_range() -> None:
    (only,) = timeline(published(DAY - A_DAY, *[0.2] * 48) + sold(DAY - A_DAY, *[0.1] * 48), slots(DAY, 0.5), zone=LONDON, money=GBP)

    assert only.import_range == PriceRange(low=only.import_per_kwh, high=only.import_per_kwh)


def test_one_estimated_direction_makes_the_slot_an_estimate() -> None:
    prices = published(DAY, 0.1) + sold(DAY - A_DAY, 0.05)

    assert [each.provenance for each in timeline(prices, slots(DAY, 0.5), zone=LONDON, money=GBP)] == [Provenance.ESTIMATED]


def test_a_later_day_counts_more_and_nothing_older_than_a_week_counts() -> None:
    older = [*published(DAY - 3 * A_DAY, 0.3), *published(DAY - 2 * A_DAY, 0.2), *sold(DAY - 2 * A_DAY, 0.05)]
    too_old = [*published(DAY - (LOOK_BACK_DAYS + 1) * A_DAY, 0.3), *sold(DAY - (LOOK_BACK_DAYS + 1) * A_DAY, 0.05)]

    assert [0.2 < each.import_per_kwh < 0.25 for each in timeline(older, slots(DAY, 0.5), zone=LONDON, money=GBP)] == [True]
    assert timeline(too_old, slots(DAY, 0.5), zone=LONDON, money=GBP) == ()


def test_an_unknown_price_ends_the_line_and_is_never_nothing() -> None:
    prices = published(DAY, 0.1, 0.2, 0.3) + sold(DAY, 0.05)

    line = timeline(prices, slots(DAY, 1.5), zone=LONDON, money=GBP)

    assert [each.import_per_kwh for each in line] == [0.1]
    assert timeline([], slots(DAY, 1), zone=LONDON, money=GBP) == ()


def test_an_estimate_is_never_made_of_an_estimate() -> None:
    guessed = published(DAY - A_DAY, 0.2, provenance=Provenance.ESTIMATED) + sold(DAY - A_DAY, 0.05)

    assert timeline(guessed, slots(DAY, 0.5), zone=LONDON, money=GBP) == ()


@pytest.mark.parametrize("changed", [datetime(2026, 3, 29, 17, tzinfo=LONDON), datetime(2026, 10, 25, 17, tzinfo=LONDON)])
def test_an_estimate_keeps_the_local_time_of_day_over_a_clock_change(changed: datetime) -> None:
    tea_time, the_day_before = changed.astimezone(UTC), (changed - A_DAY).astimezone(UTC)
    prices = published(the_day_before - HOUR, 0.1, 0.1, 0.4, 0.4, 0.2, 0.2) + sold(the_day_before - HOUR, *[0.05] * 6)

    line = timeline(prices, slots(tea_time, 1), zone=LONDON, money=GBP)

    assert [each.import_per_kwh for each in line] == [0.4, 0.4]


def test_hourly_and_half_hourly_prices_meet_on_the_finer_grid() -> None:
    prices = published(DAY, 0.1, 0.2, step=HOUR) + sold(DAY, 0.05, 0.06, 0.07, 0.08)

    line = timeline(prices, slots(DAY, 2), zone=LONDON, money=GBP)

    assert [(each.import_per_kwh, each.export_per_kwh) for each in line] == [(0.1, 0.05), (0.1, 0.06), (0.2, 0.07), (0.2, 0.08)]


def test_a_fixed_price_over_days_holds_in_every_slot() -> None:
    prices = published(DAY, 0.25, step=3 * A_DAY) + sold(DAY, 0.15, step=3 * A_DAY)

    line = timeline(prices, slots(DAY + timedelta(hours=5), 48), zone=LONDON, money=GBP)

    assert {(each.import_per_kwh, each.export_per_kwh, each.provenance) for each in line} == {(0.25, 0.15, Provenance.PUBLISHED)}
    assert len(line) == 96


def test_a_fixed_export_beside_half_hourly_import_holds_in_every_slot() -> None:
    prices = published(DAY, 0.1, 0.2) + sold(DAY - timedelta(days=30), 0.15, step=timedelta(days=60))

    assert [each.export_per_kwh for each in timeline(prices, slots(DAY, 1), zone=LONDON, money=GBP)] == [0.15, 0.15]


def test_a_price_that_starts_off_the_grid_does_not_leak() -> None:
    late = datetime(2026, 6, 10, 0, 40, tzinfo=UTC)
    prices = published(late, 0.1, step=HOUR) + sold(DAY, 0.05, step=A_DAY)

    assert timeline(prices, slots(DAY, 0.5), zone=LONDON, money=GBP) == ()


def test_slots_without_a_published_import_price_are_missing_even_where_an_estimate_stands() -> None:
    prices = published(DAY - A_DAY, 0.1, 0.2) + published(DAY, 0.3)

    assert missing(prices, slots(DAY, 1)) == slots(DAY + HALF_HOUR, 0.5)
