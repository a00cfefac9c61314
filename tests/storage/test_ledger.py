from dataclasses import fields

import pytest

from app.domain.ledger import Case, CaseSlot, Energies, Flows, Intent, SettledSlot, SlotStatus
from app.domain.plan import PlanSource
from app.domain.site import HOME, Mode, SiteId
from app.storage.database import Database
from app.storage.ledger import SAME, SAME_IN_ENERGIES, SAME_IN_FLOWS, LedgerStore
from tests.records import at, settled, slot

NEIGHBOUR = SiteId("neighbour")


@pytest.fixture
def store(database: Database) -> LedgerStore:
    return LedgerStore(database)


BARE = SettledSlot(
    slot=slot(1),
    version=1,
    settled_at=at(9),
    status=SlotStatus.INCOMPLETE,
    reason="not measured: load, grid, för länge 🪫",
    import_per_kwh=None,
    export_per_kwh=None,
    energies=None,
)
FULL = settled(
    0,
    cost=1 / 3,
    anomaly="0.30 kWh are unexplained",
    derived=("battery from the state of charge", "grid from the energy balance"),
    intent=Intent.PEAK_EXPORT,
    mode=Mode.FORCE_DISCHARGE,
    plan_source=PlanSource.LAST_PLAN,
)


def test_gives_back_what_was_settled(store: LedgerStore) -> None:
    assert store.save(HOME, [BARE, FULL]) == 2

    assert store.between(HOME, at(0), at(2)) == [FULL, BARE]
    assert store.between(HOME, at(1), at(2)) == [BARE]
    assert store.between(HOME, at(0), at(1)) == [FULL]
    assert store.between(NEIGHBOUR, at(0), at(2)) == []


def test_no_field_is_forgotten() -> None:
    kept = {*SAME, "slot", "energies", "flows", "derived", "baselines"}

    assert kept == {field.name for field in fields(SettledSlot)}
    assert set(SAME_IN_ENERGIES) == {field.name for field in fields(Energies)}
    assert set(SAME_IN_FLOWS) == {field.name for field in fields(Flows)}
    assert {case.case for case in FULL.baselines} == {Case.NO_BATTERY, Case.SELF_USE, Case.RULES}
    assert isinstance(FULL.baselines[0], CaseSlot)


def test_the_same_version_twice_is_stored_once_and_never_changed(store: LedgerStore) -> None:
    store.save(HOME, [FULL])

    assert store.save(HOME, [settled(0, cost=99.0)]) == 0
    assert store.between(HOME, at(0), at(1)) == [FULL]


def test_a_new_version_holds_and_the_old_one_is_kept(store: LedgerStore) -> None:
    better = settled(0, version=2, cost=0.5, settled_at=at(20))
    store.save(HOME, [better])
    store.save(HOME, [FULL, BARE])

    assert store.between(HOME, at(0), at(9)) == [better, BARE]
    assert store.versions(HOME, at(0), at(9)) == [FULL, better, BARE]


def test_first_last_and_the_last_that_counts(store: LedgerStore) -> None:
    assert store.first(HOME) is store.last(HOME) is store.last_counted(HOME, at(9)) is None
    newer = settled(0, version=2)
    store.save(HOME, [settled(0), newer, BARE])

    assert store.first(HOME) == newer
    assert store.last(HOME) == BARE
    assert store.last_counted(HOME, at(9)) == newer
    assert store.last_counted(HOME, at(0)) is None
    assert store.last(NEIGHBOUR) is None


def test_all_or_none_are_stored(store: LedgerStore) -> None:
    with pytest.raises(Exception, match="not a number"):
        store.save(HOME, [FULL, settled(1, cost=float("nan"))])

    assert store.first(HOME) is None
