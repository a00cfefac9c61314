"""What one device says holds no other up, whatever it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import pytest

from app.devices.dongle.hearing import Heard, Hearing, Kind
from app.domain.dongle import CommandAnswer
from app.domain.errors import InvalidInputError
from app.domain.telemetry import Cause
from tests.fleet.dongles import Dongles
from tests.telemetry import DONGLE, at

GOOD = b'{"v":1,"online":true}'
LIVE = b'{"v":1,"ts":%d,"span_s":10,"battery.soc":55}' % int(at(0).timestamp())
ANSWER = b'{"v":1,"id":"%b","ts":1795219200,"status":"failed"}'


@dataclass
class Heeder:
    """A hearing on fakes, and what became of the answers it heard."""

    dongles: Dongles = field(default_factory=Dongles)
    refuses: dict[str, Exception] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    def hear(self, said: Sequence[tuple[str, Kind, bytes]], *, within_s: float = 10) -> None:
        """Hear messages until all of them are confirmed."""
        asyncio.run(asyncio.wait_for(self._hear(said), within_s))

    def counted(self) -> dict[Cause, int]:
        return dict(self.dongles.intake.counts.rejected)

    def _answered(self, answer: CommandAnswer, _now: datetime) -> None:
        if answer.command_id in self.refuses:
            raise self.refuses[answer.command_id]
        self.answers.append(answer.command_id)

    async def _hear(self, said: Sequence[tuple[str, Kind, bytes]]) -> None:
        hearing, confirmed = Hearing(self.dongles.intake, self._answered, lambda: at(1)), asyncio.Queue[str]()
        for device, kind, payload in said:
            hearing.waiting.put_nowait(Heard(device, kind, payload, partial(confirmed.put_nowait, device)))
        running = asyncio.create_task(hearing.run())
        for _ in said:
            await confirmed.get()
        running.cancel()


@pytest.mark.parametrize("fault", [b"1e999", b'"\\ud800"', b'"\xed\xa0\x80"'])
def test_what_cannot_be_kept_is_counted_and_confirmed(fault: bytes) -> None:
    heeder = Heeder()

    heeder.hear([(DONGLE, Kind.STATUS, b'{"v":1,"online":true,"fault":%b}' % fault), ("bat_good", Kind.STATUS, GOOD)])

    assert set(heeder.dongles.states.statuses) == {"bat_good"}
    assert heeder.counted() == {Cause.MALFORMED: 1}


def test_a_number_too_large_in_a_sample_is_left_out_and_the_sample_stays() -> None:
    heeder = Heeder()

    heeder.hear([(DONGLE, Kind.TELEMETRY, LIVE[:-1] + b',"grid.power":1e999}')])

    assert [(each.soc_pct, each.grid_kw) for each in heeder.dongles.telemetry.rows.values()] == [(55, None)]
    assert heeder.counted() == {Cause.IMPLAUSIBLE: 1}


def test_what_nobody_foresaw_costs_its_own_message_only() -> None:
    heeder = Heeder(refuses={"b": OverflowError("too large for a C long"), "c": InvalidInputError("database: does not fit")})
    heeder.dongles.states.poison["bat_evil"] = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    said = [("bat_evil", Kind.STATUS, GOOD), ("bat_good", Kind.STATUS, GOOD), (DONGLE, Kind.TELEMETRY, LIVE)]

    heeder.hear([*said, *((DONGLE, Kind.ANSWER, ANSWER % each) for each in (b"a", b"b", b"c", b"d"))])

    assert set(heeder.dongles.states.statuses) == {"bat_good"}
    assert len(heeder.dongles.telemetry.rows) == 1
    assert heeder.answers == ["a", "d"]
    assert heeder.counted() == {Cause.REFUSED: 3}


def test_a_database_that_is_away_is_waited_for() -> None:
    heeder = Heeder()
    heeder.dongles.intake.admit([], [], at(0))
    heeder.dongles.disk.away = True

    with pytest.raises(TimeoutError):
        heeder.hear([(DONGLE, Kind.TELEMETRY, LIVE)], within_s=2)
    assert heeder.dongles.telemetry.rows == {}
    assert heeder.counted() == {}
    heeder.dongles.disk.away = False
    heeder.hear([(DONGLE, Kind.TELEMETRY, LIVE)])

    assert len(heeder.dongles.telemetry.rows) == 1
