from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.decision import Override
from app.domain.override import holding, on_top
from app.domain.slot import Slot
from tests.records import NOON, at, override

HALF_HOURS = st.integers(0, 12)


@st.composite
def sheets(draw: st.DrawFn) -> list[Override]:
    """Return overrides of one start each, set in any order."""
    starts = draw(st.lists(HALF_HOURS, unique=True, max_size=6))
    order = draw(st.permutations(range(len(starts))))
    return [override(start, slots=draw(st.integers(1, 8)), set_at=at(-9 + n / 60)) for start, n in zip(starts, order, strict=True)]


def newest(given_: Sequence[Override], n: float) -> Override | None:
    return max((each for each in given_ if each.span.contains(at(n))), key=lambda each: each.set_at, default=None)


@given(sheets(), HALF_HOURS)
def test_the_newest_that_covers_an_instant_holds_until_it_ends_or_a_newer_one_begins(given_: list[Override], n: int) -> None:
    found = holding(given_, at(n))
    if found is None:
        assert newest(given_, n) is None
        return
    until = next(m for m in range(n, 99) if at(m) == found.span.end)
    same = [newest(given_, m) for m in range(n, until + 1)]
    assert all(each is not None and replace(each, span=found.span) == found for each in same[:-1])
    assert same[-1] != same[0]


@given(sheets(), st.integers(1, 12), HALF_HOURS)
def test_what_is_laid_over_and_released_leaves_all_as_it_was(given_: list[Override], n: int, start: int) -> None:
    over = on_top(override(span=Slot(at(start + 0.5), at(start + 0.5 + n)), set_at=at(-30)), given_)  # by a clock that was set back

    during = holding([*given_, over], max(at(start + 0.5), NOON))
    assert during is not None
    assert during.span.start == over.span.start
    for instant in (at(m) for m in range(24) if not over.span.contains(at(m))):
        assert newest(given_, (instant - NOON) / timedelta(minutes=30)) == newest([*given_, over], (instant - NOON) / timedelta(minutes=30))


def test_what_was_set_for_later_ends_the_one_before_it_then() -> None:
    long, later = override(0, slots=8, set_at=at(-2)), override(2, slots=2, set_at=at(-1))
    assert holding([long, later], at(1)) == replace(long, span=Slot(at(0), at(2)))
    assert holding([long, later], at(3)) == later
    assert holding([long, later], at(4)) == long
    assert holding([long, later], at(8)) is None
