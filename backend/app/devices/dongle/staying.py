"""A connection that is made again whenever it is lost, after a wait that grows from one failure to the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Never

log = logging.getLogger(__name__)

LONGEST_RETRY_S = 30.0
GOOD_S = 60.0
"""A connection that held this long was good: the next try comes soon."""


async def stay(
    name: str,
    connected: Callable[[], Awaitable[None]],
    lost: Callable[[str], None],
    *,
    passing: tuple[type[Exception], ...],
    first_retry_s: float,
) -> Never:
    """Connect until cancelled, and tell each time why the connection was lost; what is not a `passing` error is logged whole."""
    loop, wait_s = asyncio.get_running_loop(), first_retry_s
    while True:
        started, why = loop.time(), "the connection was lost"
        try:
            await connected()
        except passing as error:
            why = str(error)
        except Exception as error:  # the loop's top
            log.exception("%s: unforeseen", name)
            why = repr(error)
        lost(why)
        wait_s = first_retry_s if loop.time() - started > GOOD_S else wait_s
        log.warning("%s: %s; trying again in %.1f s", name, why, wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(LONGEST_RETRY_S, 2 * wait_s)
