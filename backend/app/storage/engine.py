"""How a database is opened: MariaDB by `mysql+pymysql://…` or `mariadb+pymysql://…`, or one file by `sqlite:///…`."""

from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from app.domain.errors import InvalidInputError

CONNECT_TIMEOUT_S = 2
ANSWER_TIMEOUT_S = 2.5
"""A server that hangs is met at most twice, by the ping of a pooled connection and by a new one: 5 s."""
LOCK_TIMEOUT_S = 2
"""Below the answer's, so that the server still says what it waited for."""
PATIENT_TIMEOUT_S = 600
"""For migrations: a new index on years of readings takes its time."""
POOL_TIMEOUT_S = 2
RECYCLE_S = 600
"""Well below the hours after which MariaDB or a firewall drops an idle connection."""
SQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

WRITES = "writes"
"""Execution option of a connection that is going to write."""


def open_engine(url: str, *, patient: bool = False) -> Engine:
    """Return an engine for a database URL; nothing is connected yet. A patient one waits minutes for an answer, not seconds.

    Raises:
        InvalidInputError: the URL names no database this program can use.
    """
    parsed = parse_url(url)
    return _sqlite(parsed, patient=patient) if parsed.get_backend_name() == "sqlite" else _mariadb(parsed, patient=patient)


def parse_url(url: str) -> URL:
    """Return the URL with the one dialect we use for MariaDB.

    Raises:
        InvalidInputError: the URL names no database this program can use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInputError("the database URL cannot be read") from error  # not quoted: it may hold a password
    match parsed.drivername:
        case "mysql+pymysql" | "mariadb+pymysql" if parsed.database:
            return parsed.set(drivername="mysql+pymysql")
        case "sqlite" | "sqlite+pysqlite" if parsed.database and parsed.database != ":memory:":
            return parsed
        case _:
            raise InvalidInputError(f"{parsed.render_as_string()} names neither a MariaDB (mysql+pymysql://) nor a file (sqlite:///)")


def _mariadb(url: URL, *, patient: bool) -> Engine:
    answer_s = PATIENT_TIMEOUT_S if patient else ANSWER_TIMEOUT_S
    lock_s = PATIENT_TIMEOUT_S if patient else LOCK_TIMEOUT_S
    session = f"time_zone='+00:00', sql_mode='{SQL_MODE}', innodb_lock_wait_timeout={lock_s}, lock_wait_timeout={lock_s}"
    connect: dict[str, Any] = {
        "charset": "utf8mb4",
        "client_flag": 0,  # without FOUND_ROWS, which SQLAlchemy asks for: an insert that meets its row counts 0, not 1
        "connect_timeout": CONNECT_TIMEOUT_S,
        "init_command": f"SET SESSION {session}",
        "read_timeout": answer_s,
        "write_timeout": answer_s,
    }
    return create_engine(
        url,
        connect_args=connect,
        isolation_level="READ COMMITTED",  # no gap locks, hence few deadlocks
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        pool_timeout=POOL_TIMEOUT_S,
    )


def _sqlite(url: URL, *, patient: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": PATIENT_TIMEOUT_S if patient else ANSWER_TIMEOUT_S},
        pool_timeout=POOL_TIMEOUT_S,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    """Readers beside one writer, foreign keys, and every commit on the disk: a power cut is part of a battery's life."""
    connection.isolation_level = None  # transactions begin in _begin_sqlite, not by guess
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin; a writer takes its place in the queue at once, since one that starts as a reader could not wait later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
