"""Servers that tests share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import mariadb as server
from tests.stack.parts import require


@pytest.fixture(scope="session")
def mariadb() -> Iterator[server.MariaDb]:
    """A running private MariaDB. Whoever stops it starts it again."""
    require(server.is_installed(), "mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))  # pytest's own folders are too deep for a socket's name
    running = server.MariaDb(folder)
    try:
        running.start()
        yield running
    finally:
        running.kill()
        shutil.rmtree(folder, ignore_errors=True)
