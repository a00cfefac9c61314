"""No record is lost, doubled or out of order while the store comes and goes."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from app.domain.decision import Decision
from app.domain.errors import InvalidInputError
from app.domain.plan import Plan
from app.usecases.journal import Journal
from tests import records
from tests.fake_stores import NIGHT, Disk, FakeDecisions, FakePlans
from tests.fakes import FakeHome


@dataclass
class Log(FakeDecisions):
    """Decisions that remember every write in order."""

    order: list[str] = field(default_factory=list)
    refused: str | None = None

    def save(self, decision: Decision) -> None:
        if decision.id == self.refused:
            raise InvalidInputError("too long")
        super().save(decision)
        self.order.append(decision.id)


def journal() -> tuple[Journal, Disk, Log]:
    disk = Disk()
    log = Log(disk)
    return Journal(FakePlans(disk), log), disk, log


def test_holds_back_while_the_store_is_away_and_writes_in_order_after() -> None:
    kept, disk, log = journal()
    kept.keep(records.decision(0))
    disk.away = True
    for n in (1, 2, 3):
        kept.keep(records.decision(n))
    assert log.order == ["decision-0"]
    assert len(kept.waiting) == 3
    disk.away = False
    kept.keep(records.decision(4))
    assert log.order == [f"decision-{n}" for n in range(5)]
    assert not kept.waiting


def test_down_twice_loses_and_doubles_nothing() -> None:
    kept, disk, log = journal()
    disk.away = True
    for n in range(4):
        kept.keep(records.decision(n))
    disk.away, disk.fails_after = False, 2
    kept.flush()
    assert log.order == ["decision-0", "decision-1"]
    kept.keep(records.decision(4))
    disk.away, disk.fails_after = False, None
    kept.flush()
    kept.flush()
    assert log.order == [f"decision-{n}" for n in range(5)]


def test_answers_from_memory_while_the_store_is_away() -> None:
    kept, disk, _ = journal()
    disk.away = True
    kept.keep(records.decision(0))
    assert kept.last_decision(records.decision(0).site, NIGHT) == records.decision(0)
    assert kept.last_plan(records.decision(0).site, NIGHT) is None


def test_a_record_the_store_refuses_for_good_does_not_hold_up_the_next() -> None:
    kept, _, log = journal()
    log.refused = "decision-0"
    kept.keep(records.decision(0))
    kept.keep(records.decision(1))
    assert log.order == ["decision-1"]
    assert not kept.waiting


def test_two_threads_that_flush_write_each_record_once() -> None:
    @dataclass
    class Slow(Log):
        def save(self, decision: Decision) -> None:
            time.sleep(0.001)
            super().save(decision)

    disk = Disk(away=True)
    log = Slow(disk)
    kept = Journal(FakePlans(disk), log)
    for n in range(30):
        kept.keep(records.decision(n))
    disk.away = False
    threads = [threading.Thread(target=kept.flush) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.order == [f"decision-{n}" for n in range(30)]


def test_plans_and_decisions_made_while_away_are_all_there_after() -> None:
    home = FakeHome().priced()
    told = [home.ask(NIGHT)]
    home.disk.away = True
    told += [home.ask(NIGHT + n * timedelta(minutes=30)) for n in (1, 2, 3)]
    home.disk.away = False
    told.append(home.ask(NIGHT + timedelta(hours=2)))
    assert list(home.decisions.rows) == [decision.id for decision in told]
    plans = {decision.plan_id for decision in told}
    assert set(home.plans.rows) == plans
    assert isinstance(home.plans.rows[told[-1].plan_id or ""], Plan)
