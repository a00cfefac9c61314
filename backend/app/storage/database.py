"""The database: one transaction per call, foreign errors turned into ours, and the schema brought up to date."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Semaphore

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.domain.errors import ConflictError, InvalidInputError, OptimizerError, UnauthorizedError, UnavailableError
from app.storage.engine import WRITES, open_engine, parse_url

MIGRATIONS = Path(__file__).parents[2] / "migrations"
"""Beside the folder `app`, in the repository as in the image."""
ATTEMPTS = 10
LONGEST_WAIT_S = 0.1
DEADLOCKS = {1020, 1213}
"""MariaDB undid the transaction in favour of another and says so at once: do it again."""
REFUSALS = {1044, 1045, 1142, 1698}
"""MariaDB knows us not, or not well enough."""
TURN_S = 5.0
"""A turn to write comes sooner unless a whole town of houses starts at once."""
WRITERS = 4
"""More at once only wait for each other; half of the connections are left to readers."""
ABSENT_FOR_S = 0.5
"""A database that did not answer is not asked again for this long: the rest of one request, no more."""
UPGRADE_LOCK = "battery_optimizer_upgrade"
UPGRADE_LOCK_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The migration a database stands at (None: empty) and the newest one this code knows."""

    current: str | None
    newest: str

    @property
    def is_current(self) -> bool:
        """Whether code and database fit."""
        return self.current == self.newest


class BusyError(UnavailableError):
    """The database is there, and we ask too much of it at once."""


@dataclass(slots=True)
class Absence:
    """Remembers for a moment that the database was away, so that one request does not wait for it again and again."""

    for_s: float = ABSENT_FOR_S
    until: float = float("-inf")
    why: str = ""

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Raise at once while it is away; notice when it goes.

        Raises:
            UnavailableError: it was away a moment ago, or is now.
        """
        if time.monotonic() < self.until:
            raise UnavailableError(self.why)
        try:
            yield
        except (UnauthorizedError, BusyError):
            raise
        except UnavailableError as error:
            self.until, self.why = time.monotonic() + self.for_s, str(error)
            raise


@dataclass(frozen=True, slots=True)
class Database:
    """A database that answers or raises; threads may share it."""

    engine: Engine
    absence: Absence = field(default_factory=Absence)
    writers: Semaphore = field(default_factory=lambda: Semaphore(WRITERS))
    """A file has one writer at a time: who waits for its turn here holds no connection that a reader could have."""

    @classmethod
    def open(cls, url: str) -> "Database":
        """Return a database by its URL; nothing is connected yet.

        Raises:
            InvalidInputError: the URL names no database this program can use.
        """
        engine = open_engine(url)
        return cls(engine, writers=Semaphore(1 if engine.dialect.name == "sqlite" else WRITERS))

    def read[Result](self, work: Callable[[Session], Result]) -> Result:
        """Return what the work finds.

        Raises:
            UnavailableError: the database did not answer.
        """
        with self.absence.noticed(), domain_errors(), Session(self.engine) as session:
            return work(session)

    def write[Result](self, work: Callable[[Session], Result]) -> Result:
        """Return what the work returns once it is committed, all or nothing; after a deadlock the work is done again.

        Raises:
            ConflictError: a record breaks a key.
            UnavailableError: the database did not answer; nothing was stored, unless the answer to the commit was lost.
        """
        patience = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.01, max=LONGEST_WAIT_S),
            retry=retry_if_exception(_is_deadlock),
            reraise=True,
        )
        with self._turn(), self.absence.noticed(), domain_errors():
            result: Result = patience(self._write_once, work)
        return result

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for one's turn to write.

        Raises:
            UnavailableError: it did not come in time.
        """
        if not self.writers.acquire(timeout=TURN_S):
            raise BusyError("database: too many want to write at once")
        try:
            yield
        finally:
            self.writers.release()

    def check(self) -> Schema:
        """Return where the schema stands, after a round trip to the database.

        Raises:
            UnavailableError: the database did not answer.
        """
        return self.read(lambda session: Schema(current=_revision(session.connection()), newest=newest_revision()))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _write_once[Result](self, work: Callable[[Session], Result]) -> Result:
        with Session(self.engine) as session, session.begin():
            session.connection(execution_options={WRITES: True})
            return work(session)


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema to a revision; of several services that start at once, one does it and the others wait.

    Raises:
        InvalidInputError: the URL names no database this program can use, or one that a newer version has upgraded.
        UnavailableError: the database did not answer, or a migration failed.
    """
    _make_folder(url)
    back = f"; a newer version upgraded it, which takes it back by `battery-optimizer db downgrade {newest_revision()}`"
    _migrate(url, lambda config: command.upgrade(config, revision), hint=back)


def downgrade(url: str, revision: str) -> None:
    """Take the schema back to a revision, `base` for none. Only what that revision's version never knew is lost.

    Raises:
        InvalidInputError: the URL names no database this program can use, or there is no such revision.
        UnavailableError: the database did not answer, or a migration failed.
    """
    _migrate(url, lambda config: command.downgrade(config, revision))


def newest_revision() -> str:
    """Return the revision the migrations end at."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "base"


@contextmanager
def domain_errors() -> Iterator[None]:
    """Turn what SQLAlchemy and its drivers raise into our own errors. Statements and their values stay out of the message."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(f"database: {error.orig}") from error
    except DataError as error:
        raise InvalidInputError(f"database: {error.orig}") from error
    except DBAPIError as error:
        refused = _code(error) in REFUSALS
        raise (UnauthorizedError if refused else UnavailableError)(f"database: {error.orig}") from error
    except StatementError as error:
        if isinstance(error.orig, OptimizerError):
            raise error.orig from error
        raise
    except PoolTimeoutError as error:
        raise BusyError("database: every connection is busy") from error


def _migrate(url: str, work: Callable[[Config], None], *, hint: str = "") -> None:
    engine = open_engine(url, patient=True)
    try:
        with domain_errors(), engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            _wait_for_other_upgrades(connection)
            config = _config()
            config.attributes["connection"] = connection
            work(config)
    except CommandError as error:
        raise InvalidInputError(f"database: {error}{hint}") from error
    finally:
        engine.dispose()


def _wait_for_other_upgrades(connection: Connection) -> None:
    """Take a lock that goes with the connection; SQLite's writer lock is held already, MariaDB commits each table by itself."""
    if connection.dialect.name != "mysql":
        return
    got = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": UPGRADE_LOCK, "wait": UPGRADE_LOCK_TIMEOUT_S}).scalar()
    if got != 1:
        raise UnavailableError("database: another upgrade is still going on")


def _make_folder(url: str) -> None:
    """Make the folder of a SQLite file, which SQLite itself does not."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnavailableError(f"database: {error}") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    connection.execute(text("SELECT 1"))
    return MigrationContext.configure(connection).get_current_revision()


def _is_deadlock(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and _code(error) in DEADLOCKS


def _code(error: DBAPIError) -> object:
    return error.orig.args[0] if error.orig is not None and error.orig.args else None
