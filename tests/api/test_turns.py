"""Heavy questions wait for their turn; what has to be answered waits for none of them."""

import asyncio
from pathlib import Path

from sqlalchemy import QueuePool
from starlette.types import Message, Receive, Scope, Send

from app.api.turns import ASKS_AT_ONCE, InTurn, Turns
from app.storage.engine import open_engine

DASHBOARD, NOW, OPTIMIZE = ("GET", "/api/v1/dashboard"), ("GET", "/api/v1/recommendation/now"), ("POST", "/api/v1/optimize")


class Held:
    """An app that answers heavy questions when it is told to, and counts how many it has at once."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.at_once = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        if scope["path"] != NOW[1]:
            await self.go_on.wait()
        self.at_once -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def ask(app: InTurn, asked: tuple[str, str]) -> tuple[int, dict[bytes, bytes]]:
    """Return the status and headers that a caller sees."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request"}

    await app({"type": "http", "method": asked[0], "path": asked[1], "headers": []}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


async def _crowd(callers: int, *, patience_s: float = 60) -> tuple[Held, list[tuple[int, dict[bytes, bytes]]]]:
    held = Held()
    app = InTurn(held, solves=Turns(at_once=1, most_waiting=1), looks=Turns(at_once=2, most_waiting=3, patience_s=patience_s))
    viewers = [asyncio.create_task(ask(app, DASHBOARD)) for _ in range(callers)]
    turned_away = asyncio.as_completed(viewers)
    for _ in range(callers - (5 if patience_s > 1 else 2)):
        await next(turned_away)
    assert (await ask(app, NOW))[0] == 200
    solves = [asyncio.create_task(ask(app, OPTIMIZE)) for _ in range(3)]
    await asyncio.wait(solves, return_when=asyncio.FIRST_COMPLETED)
    held.go_on.set()
    assert sorted([status for status, _ in await asyncio.gather(*solves)]) == [200, 200, 503]
    return held, await asyncio.gather(*viewers)


def test_thirty_viewers_are_looked_after_two_at_a_time_and_too_many_are_told_when_to_come_again() -> None:
    held, answers = asyncio.run(_crowd(30))
    assert held.most <= 4, "two looks, one solve, one that waits for nobody"
    assert sorted(status for status, _ in answers) == [200] * 5 + [503] * 25
    assert {headers[b"retry-after"] for status, headers in answers if status == 503} == {b"60"}


def test_who_waits_in_vain_is_told_so() -> None:
    _, answers = asyncio.run(_crowd(5, patience_s=0.1))
    assert sorted(status for status, _ in answers) == [200, 200, 503, 503, 503]


def test_however_many_ask_the_database_has_connections_left(tmp_path: Path) -> None:
    pool = open_engine(f"sqlite:///{tmp_path / 'one.db'}").pool
    assert isinstance(pool, QueuePool)
    assert pool.size() + pool._max_overflow >= ASKS_AT_ONCE + 3  # noqa: SLF001 - it tells the limit nowhere else


def test_what_needs_no_database_waits_for_nobody() -> None:
    app = InTurn(Held(), asks=Turns(at_once=0, most_waiting=0))

    async def asked() -> list[int]:
        return [(await ask(app, each))[0] for each in (NOW, ("GET", "/health"))]

    assert asyncio.run(asked()) == [503, 503]
    assert asyncio.run(ask(InTurn(_answers, asks=Turns(at_once=0, most_waiting=0)), ("GET", "/live")))[0] == 200


async def _answers(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def test_a_turn_comes_back_when_the_answer_fails() -> None:
    async def fails(*_: object) -> None:
        raise ValueError

    async def twice() -> list[BaseException | tuple[int, dict[bytes, bytes]]]:
        app = InTurn(fails, looks=Turns(at_once=1, most_waiting=0))
        return [(await asyncio.gather(ask(app, DASHBOARD), return_exceptions=True))[0] for _ in range(2)]

    assert [type(each) for each in asyncio.run(twice())] == [ValueError, ValueError]
