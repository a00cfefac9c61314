"""How far ahead a tariff has published, over both changes of the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.pricing.publication import Publication, published_until

LONDON, STOCKHOLM = ZoneInfo("Europe/London"), ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2023-01-10T15:30", "2023-01-10T23:00"),
        ("2023-01-10T16:00", "2023-01-11T23:00"),
        ("2023-01-10T23:30", "2023-01-11T23:00"),
        ("2023-07-10T14:30", "2023-07-10T22:00"),
        ("2023-07-10T15:00", "2023-07-11T22:00"),
        ("2023-03-25T16:00", "2023-03-26T22:00"),
        ("2023-10-28T15:00", "2023-10-29T23:00"),
    ],
)
def test_agile_publishes_at_four_in_the_afternoon_up_to_eleven_at_night_local(now: str, until: str) -> None:
    assert published_until(Publication.AGILE, at(now), LONDON) == at(until)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2023-01-10T11:45", "2023-01-10T23:00"),
        ("2023-01-10T12:00", "2023-01-11T23:00"),
        ("2023-07-10T11:00", "2023-07-11T22:00"),
        ("2023-03-25T12:00", "2023-03-26T22:00"),
    ],
)
def test_a_day_ahead_market_publishes_the_next_local_day_at_one(now: str, until: str) -> None:
    assert published_until(Publication.DAY_AHEAD, at(now), STOCKHOLM) == at(until)


def test_a_fixed_tariff_is_known_for_ever() -> None:
    assert published_until(Publication.KNOWN, at("2023-01-01T00:00"), LONDON) is None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
