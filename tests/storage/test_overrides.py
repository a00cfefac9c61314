import pytest

from app.domain.decision import Command
from app.domain.errors import InvalidInputError, NotFoundError
from app.domain.site import HOME, Mode, SiteId
from app.domain.slot import Slot
from app.storage.database import Database
from app.storage.overrides import OverrideStore
from tests.records import NOON, at, override


@pytest.fixture
def store(database: Database) -> OverrideStore:
    return OverrideStore(database)


def test_gives_back_what_was_saved(store: OverrideStore) -> None:
    bare, full = (
        override(0),
        override(2, command=Command(mode=Mode.FORCE_CHARGE, power_kw=1 / 3, target_soc_pct=80), note="fest på lördag 🎉"),
    )
    store.put(HOME, full)
    store.put(HOME, bare)

    assert store.between(HOME, Slot(at(-9), at(9))) == [bare, full]
    assert store.between(SiteId("neighbour"), Slot(at(-9), at(9))) == []


def test_the_same_start_replaces(store: OverrideStore) -> None:
    store.put(HOME, override())
    changed = override(slots=6, command=Command(mode=Mode.SELF_USE), note="longer")
    store.put(HOME, changed)

    assert store.between(HOME, Slot(at(-9), at(9))) == [changed]


def test_covers_its_span_but_not_the_end(store: OverrideStore) -> None:
    store.put(HOME, override(1, slots=2))

    assert [store.active(HOME, at(n)) is not None for n in (0, 1, 2.9, 3)] == [False, True, True, False]


def test_of_several_the_one_set_last_holds(store: OverrideStore) -> None:
    store.put(HOME, override(0, slots=6, set_at=at(2)))
    store.put(HOME, override(1, slots=4, set_at=at(1)))

    assert store.active(HOME, at(2)) == override(0, slots=6, set_at=at(2))


def test_a_span_holds_what_touches_it(store: OverrideStore) -> None:
    for n in (0, 2, 4):
        store.put(HOME, override(n))

    assert store.between(HOME, Slot(at(1), at(4))) == [override(0), override(2)]


def test_is_removed_by_its_start(store: OverrideStore) -> None:
    store.put(HOME, override())
    store.remove(HOME, NOON)

    assert store.active(HOME, NOON) is None
    with pytest.raises(NotFoundError, match="home has no override from 2026-01-15 12:00 UTC"):
        store.remove(HOME, NOON)
    with pytest.raises(InvalidInputError, match="no time zone"):
        store.remove(HOME, NOON.replace(tzinfo=None))
