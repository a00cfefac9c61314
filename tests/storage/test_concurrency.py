"""Several writers of the same records: none fails, nothing is there twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.domain.decision import OutcomeStatus
from app.domain.errors import ConflictError
from app.domain.reading import Quantity
from app.domain.site import HOME
from app.storage.database import Database
from app.storage.decisions import DecisionStore
from app.storage.plans import PlanStore
from app.storage.prices import PriceStore
from app.storage.readings import ReadingStore
from app.storage.settings import SettingStore
from tests.records import NOON, at, decision, outcome, plan, price, prices, reading_

WRITERS = 4
ROUNDS = 10


def together[Result](work: Callable[[int], Result]) -> list[Result]:
    """Return what each writer returns when all start at once."""
    start = Barrier(WRITERS)

    def write(writer: int) -> Result:
        start.wait()
        return work(writer)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, range(WRITERS)))


def test_the_same_prices_are_new_once(database: Database) -> None:
    store = PriceStore(database)
    for day in range(ROUNDS):
        same = [price(0.1, n) for n in range(day * 48, day * 48 + 48)]
        counts = together(lambda writer, same=same: store.save(HOME, same[:: (-1) ** writer], NOON))  # type: ignore[misc]
        assert sorted(counts) == [0, 0, 0, 48]

    assert len(store.between(HOME, NOON, at(9999))) == ROUNDS * 48
    assert store.earlier(HOME, NOON, at(9999)) == []


def test_every_change_of_a_price_leaves_a_trace(database: Database) -> None:
    store = PriceStore(database)
    for n in range(ROUNDS):
        together(lambda writer, n=n: store.save(HOME, prices([n + writer / 10] * 10), NOON))  # type: ignore[misc]

    held = store.between(HOME, NOON, at(1)) + [one.price for one in store.earlier(HOME, NOON, at(1))]
    assert sorted(one.per_kwh for one in held) == sorted(n + writer / 10 for n in range(ROUNDS) for writer in range(WRITERS))


def test_the_same_readings_are_new_once(database: Database) -> None:
    store = ReadingStore(database)
    counts = []
    for n in range(ROUNDS):
        same = [reading_(50, n + step / 100) for step in range(50)]
        counts += together(lambda writer, same=same: store.save(HOME, same[:: (-1) ** writer]))  # type: ignore[misc]

    assert sum(counts) == ROUNDS * 50
    assert len(store.between(HOME, Quantity.SOC_PCT, NOON, at(99))) == ROUNDS * 50


def test_the_same_plan_is_stored_once(database: Database) -> None:
    store = PlanStore(database)
    for n in range(ROUNDS):
        together(lambda _, n=n: store.save(plan(48, id=f"plan-{n}")))  # type: ignore[misc]
        assert store.get(HOME, f"plan-{n}") == plan(48, id=f"plan-{n}")


def test_the_same_outcome_is_stored_once(database: Database) -> None:
    store = DecisionStore(database)
    store.save(decision())
    together(lambda _: store.add_outcome(HOME, "decision-0", outcome(OutcomeStatus.CONFIRMED)))

    assert store.get(HOME, "decision-0").outcomes == (outcome(OutcomeStatus.CONFIRMED),)


def test_one_of_several_changes_of_a_setting_wins(database: Database) -> None:
    store = SettingStore(database)

    def change(writer: int) -> bool:
        try:
            store.put(HOME, "battery", {"by": writer}, expected_version=0, set_by="admin", set_at=NOON)
        except ConflictError:
            return False
        return True

    assert sorted(together(change)) == [False, False, False, True]
    assert len(store.history(HOME, "battery")) == 1


@pytest.mark.stack
def test_a_deadlock_is_done_again(mariadb_database: Database) -> None:
    store = ReadingStore(mariadb_database)
    store.save(HOME, [reading_(device="a"), reading_(device="b")])
    met, tries = Barrier(2), []

    def cross(writer: int) -> int:
        first, second = ("a", "b") if writer else ("b", "a")

        def work(session: object) -> int:
            tries.append(writer)
            for n, device in enumerate((first, second)):
                session.connection().exec_driver_sql("UPDATE readings SET value = value + 1 WHERE device = %s", (device,))  # type: ignore[attr-defined]
                if n == 0 and len(tries) <= 2:
                    met.wait()
            return 1

        return mariadb_database.write(work)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(cross, range(2))) == [1, 1]

    assert len(tries) == 3
    assert [one.value for one in store.between(HOME, Quantity.SOC_PCT, NOON, at(1))] == [52, 52]
