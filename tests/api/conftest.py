"""One service for the tests that leave it as it was, a fresh one for those that do not."""

from collections.abc import Iterator

import pytest

from tests.served_app import Served, served


@pytest.fixture(scope="session")
def alive() -> Iterator[Served]:
    """A service that has prices, a week of history and a decision. Not to be changed."""
    with served() as running:
        running.service.rounds.turn(running.clock())
        yield running


@pytest.fixture
def fresh() -> Iterator[Served]:
    """A service that has not done anything yet."""
    with served() as running:
        yield running


@pytest.fixture(scope="session")
def guarded() -> Iterator[Served]:
    """A service that wants tokens."""
    with served(tokens=True) as running:
        running.service.rounds.turn(running.clock())
        yield running
