from datetime import UTC, datetime, timedelta
from statistics import mean

from app.domain.site import LONDON
from app.services.simulated.habits import load_kw, solar_kw

STEP = timedelta(minutes=5)


def days(start: datetime, count: int) -> list[datetime]:
    return [start + n * STEP for n in range(288 * count)]


JUNE = days(datetime(2026, 6, 1, tzinfo=UTC), 28)
DECEMBER = days(datetime(2026, 12, 1, tzinfo=UTC), 28)


def kwh_a_day(powers: list[float]) -> float:
    return 24 * mean(powers)


def test_the_household_draws_what_an_average_one_does_and_more_in_winter() -> None:
    summer, winter = (kwh_a_day([load_kw(at, LONDON) for at in month]) for month in (JUNE, DECEMBER))

    assert 9 < summer < winter < 18
    assert winter / summer > 1.15


def test_the_household_never_draws_nothing_and_has_spikes() -> None:
    powers = [load_kw(at, LONDON) for at in JUNE]

    assert min(powers) > 0.1
    assert 2.5 < max(powers) < 8


def test_weekday_noons_are_quieter_than_weekend_noons() -> None:
    noons = [at for at in JUNE if at.astimezone(LONDON).hour in {10, 11, 12}]

    assert (
        mean(load_kw(at, LONDON) for at in noons if at.weekday() < 5) < mean(load_kw(at, LONDON) for at in noons if at.weekday() >= 5) - 0.2
    )


def test_the_roof_makes_much_in_june_little_in_december_and_nothing_at_night() -> None:
    june, december = (kwh_a_day([solar_kw(at, 4) for at in month]) for month in (JUNE, DECEMBER))

    assert 12 < june < 24
    assert 1 < december < 4
    assert {solar_kw(at, 4) for at in JUNE if at.hour in {22, 23, 0, 1, 2}} == {0}
    assert max(solar_kw(at, 4) for at in JUNE) < 4


def test_cloudy_and_clear_days_differ() -> None:
    noons = [solar_kw(at, 4) for at in JUNE if (at.hour, at.minute) == (12, 0)]

    assert max(noons) > 3 * min(noons)
