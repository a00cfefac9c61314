"""What a database does to its callers on bad days."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, perf_counter, sleep

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.errors import ConflictError, InvalidInputError, NotFoundError, OptimizerError, UnauthorizedError, UnavailableError
from app.domain.reading import Quantity
from app.domain.site import HOME
from app.storage.database import Absence, Database
from app.storage.engine import open_engine
from app.storage.models import OverrideRow
from app.storage.plans import PlanStore
from app.storage.readings import ReadingStore
from app.storage.upsert import insert_once
from tests.records import NOON, at, plan, reading_
from tests.stack.mariadb import HOST, MariaDb

BOUND_S = 60.0
"""Patience: what has no end of its own hangs for ever."""
"""5 s and what a busy machine adds."""


def scalar(database: Database, statement: str) -> object:
    return database.read(lambda session: session.scalar(text(statement)))


def test_an_error_undoes_the_whole_call(database: Database) -> None:
    def half(session: Session) -> None:
        session.execute(text("INSERT INTO price_fetches (site, fetched_at) VALUES ('home', '2026-01-15 12:00:00.000000')"))
        raise NotFoundError("half way")

    with pytest.raises(NotFoundError, match="half way"):
        database.write(half)

    assert scalar(database, "SELECT count(*) FROM price_fetches") == 0


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT * FROM no_such_table", UnavailableError),
        ("INSERT INTO price_fetches (site, fetched_at) VALUES ('home', NULL)", ConflictError),
        (
            "INSERT INTO outcomes (site, decision_id, at, status, reported_by) VALUES ('home', 'x', '2026-01-15 12:00:00', 'failed', 'me')",
            ConflictError,
        ),
    ],
)
def test_foreign_errors_become_ours(database: Database, statement: str, error: type[OptimizerError]) -> None:
    with pytest.raises(error, match=r"^database: ") as raised:
        database.write(lambda session: session.execute(text(statement)))

    assert "INSERT INTO" not in str(raised.value)


def test_what_is_missing_is_never_filled_in(database: Database) -> None:
    row = {
        "site": HOME,
        "start": NOON,
        "end": at(1),
        "mode": None,
        "power_kw": None,
        "target_soc_pct": None,
        "set_by": "me",
        "set_at": NOON,
    }

    with pytest.raises(ConflictError):
        database.write(lambda session: insert_once(session, OverrideRow, [row | {"note": None}]))


def test_an_instant_is_the_same_in_every_zone(database: Database) -> None:
    store = ReadingStore(database)
    stockholm = timezone(timedelta(hours=1))
    store.save(HOME, [reading_(at=NOON.astimezone(stockholm))])

    assert store.save(HOME, [reading_(at=NOON)]) == 0
    found = store.between(HOME, Quantity.SOC_PCT, NOON.astimezone(stockholm), at(1))
    assert [(one.at, one.at.tzinfo) for one in found] == [(NOON, UTC)]


def test_the_hour_that_happens_twice_is_two_hours(database: Database) -> None:
    store = ReadingStore(database)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    night = [reading_(n, at=first + timedelta(minutes=30 * n)) for n in range(4)]

    assert store.save(HOME, night) == 4
    assert store.between(HOME, Quantity.SOC_PCT, first, first + timedelta(hours=2)) == night


def test_sqlite_waits_for_the_disk_and_checks_foreign_keys(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/x.db")

    assert [scalar(database, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")] == [
        "wal",
        2,
        1,
        2500,
    ]
    database.close()


def test_a_locked_file_is_unavailable_in_bounded_time(tmp_path: Path) -> None:
    database, other = (Database(open_engine(f"sqlite:///{tmp_path}/x.db"), Absence(for_s=0)) for _ in range(2))

    def hold(_: Session) -> None:
        began = perf_counter()
        with pytest.raises(UnavailableError, match="locked"):
            other.write(lambda session: session.execute(text("SELECT 1")))
        assert perf_counter() - began < BOUND_S
        assert scalar(other, "SELECT 1") == 1  # readers go on

    database.write(hold)
    database.close()
    other.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("once upon a time " * 100)
    database = Database.open(f"sqlite:///{tmp_path}/x.db")

    with pytest.raises(UnavailableError, match="not a database"):
        database.check()
    database.close()


@pytest.mark.stack
def test_the_server_s_own_ways_do_not_matter(mariadb: MariaDb, mariadb_database: Database) -> None:
    assert mariadb.execute("SELECT @@global.time_zone, @@global.sql_mode, @@global.character_set_server") == [("+03:00", "", "latin1")]
    collations = "SELECT DISTINCT table_collation FROM information_schema.tables WHERE table_schema = 'optimizer'"

    assert scalar(mariadb_database, "SELECT @@session.time_zone") == "+00:00"
    assert "STRICT_ALL_TABLES" in str(scalar(mariadb_database, "SELECT @@session.sql_mode"))
    assert scalar(mariadb_database, f"{collations} AND table_name <> 'alembic_version'") == "utf8mb4_nopad_bin"
    ReadingStore(mariadb_database).save(HOME, [reading_()])
    assert mariadb.execute("SELECT CAST(at AS CHAR) FROM optimizer.readings") == [("2026-01-15 12:00:00.000000",)]


@pytest.mark.stack
def test_what_does_not_fit_is_refused_not_cut(mariadb_database: Database) -> None:
    statement = text(f"INSERT INTO price_fetches (site, fetched_at) VALUES ('{'x' * 65}', '2026-01-15 12:00:00')")  # noqa: S608  no input

    with pytest.raises(InvalidInputError, match="Data too long"):
        mariadb_database.write(lambda session: session.execute(statement))


@pytest.mark.stack
def test_a_killed_server_is_unavailable_and_comes_back_with_everything(mariadb: MariaDb, mariadb_database: Database) -> None:
    readings, plans = ReadingStore(mariadb_database), PlanStore(mariadb_database)
    readings.save(HOME, [reading_(1, 1)])
    plans.save(plan())

    mariadb.kill()
    try:
        began = perf_counter()
        with pytest.raises(UnavailableError):
            readings.save(HOME, [reading_(1, 1), reading_(2, 2)])
        with pytest.raises(UnavailableError):
            plans.get(HOME, "plan-1")
        assert perf_counter() - began < BOUND_S
    finally:
        mariadb.start()

    assert readings.save(HOME, [reading_(1, 1), reading_(2, 2)]) == 1
    assert readings.between(HOME, Quantity.SOC_PCT, NOON, at(9)) == [reading_(1, 1), reading_(2, 2)]
    assert plans.get(HOME, "plan-1") == plan()


@pytest.mark.stack
def test_a_server_killed_within_a_call_leaves_nothing_of_it(mariadb: MariaDb, mariadb_database: Database) -> None:
    def interrupted(session: Session) -> None:
        session.execute(text("INSERT INTO price_fetches (site, fetched_at) VALUES ('home', '2026-01-15 12:00:00')"))
        mariadb.kill()

    try:
        with pytest.raises(UnavailableError):
            mariadb_database.write(interrupted)
    finally:
        mariadb.start()

    assert scalar(mariadb_database, "SELECT count(*) FROM price_fetches") == 0


@pytest.mark.stack
def test_a_server_that_restarted_meanwhile_is_not_noticed(mariadb: MariaDb, mariadb_database: Database) -> None:
    mariadb_database.check()
    mariadb.stop()
    mariadb.start()

    assert mariadb_database.check().is_current


@pytest.mark.stack
def test_a_server_that_hangs_is_unavailable_in_bounded_time(mariadb: MariaDb, mariadb_database: Database) -> None:
    mariadb_database.check()

    with mariadb.hung():
        began = perf_counter()
        with pytest.raises(UnavailableError):
            mariadb_database.check()
        assert perf_counter() - began < BOUND_S

    assert mariadb_database.check().is_current


@pytest.mark.stack
def test_a_row_somebody_holds_is_unavailable_in_bounded_time(mariadb_database: Database) -> None:
    statement = text("INSERT INTO price_fetches (site, fetched_at) VALUES ('home', '2026-01-15 12:00:00')")

    def hold(session: Session) -> None:
        session.execute(statement)
        began = perf_counter()
        with pytest.raises(UnavailableError, match="Lock wait timeout"):
            mariadb_database.write(lambda other: other.execute(statement))
        assert perf_counter() - began < BOUND_S

    mariadb_database.write(hold)


@pytest.mark.stack
def test_a_wrong_password_is_unauthorized(mariadb_url: str) -> None:
    database = Database.open(mariadb_url.replace("test-only", "guessed"))

    with pytest.raises(UnauthorizedError, match="Access denied") as refused:
        database.check()
    assert "guessed" not in str(refused.value)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and never says a word."""
    with closing(socket.create_server((HOST, 0))) as server:
        yield int(server.getsockname()[1])


def test_a_server_that_never_says_a_word_is_unavailable_in_bounded_time(silent_port: int) -> None:
    database = Database.open(f"mysql+pymysql://u:p@{HOST}:{silent_port}/x")

    began = perf_counter()
    with pytest.raises(UnavailableError):
        database.check()

    assert perf_counter() - began < BOUND_S


def test_a_database_that_just_failed_is_not_asked_again_at_once_but_soon(tmp_path: Path) -> None:
    asked: list[float] = []

    def fails(_session: Session) -> None:
        asked.append(monotonic())
        raise UnavailableError("gone")

    database = Database(open_engine(f"sqlite:///{tmp_path}/x.db"), Absence(for_s=0.2))
    for _ in range(3):
        with pytest.raises(UnavailableError, match="gone"):
            database.read(fails)
    assert len(asked) == 1
    sleep(0.25)
    with pytest.raises(UnavailableError):
        database.read(fails)
    assert len(asked) == 2
