"""The firmware, built once, and a house around it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.esphome import firmware
from tests.esphome.host import House, fox, house
from tests.stack.parts import require

type Start = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture(scope="session")
def can_build() -> None:
    """Go on where there is an ESPHome."""
    require(firmware.is_installed(), "esphome (make parts)")


@pytest.fixture(scope="session")
def built(can_build: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001  (first it must be there)
    """The program."""
    return firmware.build(tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def start(built: Path, tmp_path: Path) -> Start:
    """Start a house; more than once with the same flash, if the test wants."""

    @asynccontextmanager
    async def start_house(*, connect: bool = True) -> AsyncIterator[House]:
        async with house(built, tmp_path, inverter=fox(), connect=connect) as running:
            yield running

    return start_house
