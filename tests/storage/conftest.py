"""The same tests on both databases: `database` is a SQLite file, then a MariaDB."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.database import Absence, Database, upgrade
from app.storage.engine import open_engine
from app.storage.schema import Base
from tests.stack.mariadb import MariaDb

KINDS = ["sqlite", pytest.param("mariadb", marks=pytest.mark.stack)]


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: MariaDb = request.getfixturevalue("mariadb")
    server.execute("DROP DATABASE IF EXISTS empty")
    return server.url("empty")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with all tables and no rows."""
    if request.param == "mariadb":
        return str(request.getfixturevalue("mariadb_url"))
    shutil.copy(request.getfixturevalue("sqlite_file"), tmp_path / "optimizer.db")
    return f"sqlite:///{tmp_path}/optimizer.db"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(open_engine(url), Absence(for_s=0))
    yield opened
    opened.close()


@pytest.fixture
def mariadb_url(mariadb: MariaDb, mariadb_tables: str) -> str:
    """The URL of a MariaDB with all tables and no rows."""
    mariadb.execute(*(f"DELETE FROM optimizer.{table.name}" for table in reversed(Base.metadata.sorted_tables)))  # noqa: S608  our names
    return mariadb_tables


@pytest.fixture
def mariadb_database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(open_engine(mariadb_url), Absence(for_s=0))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def mariadb_tables(mariadb: MariaDb) -> str:
    """The URL of a MariaDB with all tables."""
    url = mariadb.url("optimizer")
    upgrade(url)
    return url
