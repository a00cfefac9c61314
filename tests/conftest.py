"""Servers that tests share, and patience: how long drawn input takes says how busy the machine is, not whether the code is right."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import app.services.tariffs  # noqa: F401  (declares the price sources, as wiring does)
from tests.stack import mariadb as server
from tests.stack.parts import require

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


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
