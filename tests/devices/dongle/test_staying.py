"""A connection that is lost is made again, whatever it was lost by."""

import asyncio
from collections.abc import Iterator

import pytest

from app.devices.dongle.staying import stay


@pytest.fixture
def ends() -> Iterator[BaseException | None]:
    """How one connection after the other ends."""
    return iter([OSError("no route"), None, ValueError("nobody thought of it"), asyncio.CancelledError()])


def test_connects_again_until_cancelled_and_tells_each_time_why(
    ends: Iterator[BaseException | None], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def connected() -> None:
        end = next(ends)
        if end is not None:
            raise end

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stay("the broker", connected, told.append, passing=(OSError,), first_retry_s=0.0))

    assert told == ["no route", "the connection was lost", "ValueError('nobody thought of it')"]
    assert [each.message for each in caplog.records if each.exc_info] == ["the broker: unforeseen"]
