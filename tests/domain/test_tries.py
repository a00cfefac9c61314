from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.tries import WRONG_OF_ALL, WRONG_TRIES, WRONG_WITHIN, Tries

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NOW, MINUTE = timedelta(0), timedelta(minutes=1)


def test_some_wrong_ones_are_answered_and_then_it_says_how_long_to_wait() -> None:
    tries = Tries()
    assert [tries.count("192.0.2.1", NOON + n * MINUTE / 2) for n in range(WRONG_TRIES)] == [NOW] * WRONG_TRIES
    assert tries.count("192.0.2.1", NOON + 6 * MINUTE) == WRONG_WITHIN - 6 * MINUTE
    assert tries.count("192.0.2.2", NOON + 6 * MINUTE) == NOW
    assert tries.count("192.0.2.1", NOON + WRONG_WITHIN) == NOW


def test_many_addresses_together_are_turned_away_too() -> None:
    tries = Tries()
    told = [tries.count(f"192.0.2.{n}", NOON) for n in range(WRONG_OF_ALL + 1)]
    assert told == [NOW] * WRONG_OF_ALL + [WRONG_WITHIN]


def test_a_clock_that_was_set_back_shuts_nobody_out_for_long() -> None:
    tries = Tries()
    for _ in range(WRONG_TRIES):
        tries.count("192.0.2.1", NOON)
    assert tries.count("192.0.2.1", NOON - timedelta(days=1)) == NOW


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3600)), max_size=400))
def test_however_many_there_are_little_is_remembered_and_the_wait_is_real(tried: list[tuple[int, int]]) -> None:
    tries = Tries()
    for who, second in sorted(tried, key=lambda each: each[1]):
        now = NOON + timedelta(seconds=second)
        wait = tries.count(f"192.0.2.{who}", now)
        assert NOW <= wait <= WRONG_WITHIN
        assert len(tries.wrong) <= WRONG_OF_ALL
