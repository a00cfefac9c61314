"""Hearing: what comes in over any transport is gathered, stored in batches and only then confirmed to whoever brought it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.devices.dongle import lines
from app.domain.dongle import CommandAnswer, DongleStatus
from app.domain.errors import OptimizerError, RejectedError, UnavailableError
from app.domain.telemetry import Cause, Sample
from app.fleet.intake import Batch, Intake

log = logging.getLogger(__name__)

MOST_AT_ONCE = 1000
GATHER_S = 0.25
"""A batch is stored when it is full or this old, whichever comes first."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 15.0
MOST_TRIES = 3
"""What goes wrong so often in turn, and not because a neighbour is away, would go wrong for ever."""
NOTHING = Batch(samples=(), seqs=(), statuses=())


class Kind(StrEnum):
    """What a message is."""

    TELEMETRY = "telemetry"
    STATUS = "status"
    ANSWER = "commands/response"


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came in; `done` confirms it once it is stored or counted as a dead letter."""

    device: str
    kind: Kind | None
    payload: bytes
    done: Callable[[], None]


@dataclass(slots=True)
class _Read:
    """A batch as text that became nouns."""

    samples: list[Sample] = field(default_factory=list)
    statuses: list[DongleStatus] = field(default_factory=list)
    answers: list[CommandAnswer] = field(default_factory=list)
    kept: Batch | None = None

    def singles(self) -> list[tuple[str, "_Read"]]:
        """Return what was admitted of it, each message by itself, with whose it is."""
        parts = [] if self.kept is None else [(device, _Read(kept=single)) for device, single in self.kept.singles()]
        return parts + [(each.device, _Read(answers=[each], kept=NOTHING)) for each in self.answers]


@dataclass(slots=True)
class Hearing:
    """Stores what it is given, one batch at a time; while the database is away it holds what it has and takes no more.

    Whoever brings messages keeps at most as many unconfirmed as `waiting` may hold, so that memory is bounded and the rest waits at
    its source: in the broker, or in the dongle's log.
    """

    intake: Intake
    answered: Callable[[CommandAnswer, datetime], None]
    clock: Callable[[], datetime]
    waiting: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    stored_at: datetime | None = None
    last_error: str | None = None

    async def run(self) -> None:
        """Store until cancelled; what is not confirmed by then comes again."""
        while True:
            batch = await self._gather()
            started = time.monotonic()
            await self._store(batch)
            for heard in batch:
                heard.done()
            self.intake.counts.batches += 1
            self.intake.counts.batch_s += time.monotonic() - started

    def age_s(self, now: datetime) -> float | None:
        """Return how long ago something was stored last, None if nothing was yet."""
        return None if self.stored_at is None else (now - self.stored_at).total_seconds()

    async def _gather(self) -> list[Heard]:
        batch = [await self.waiting.get()]
        if self.waiting.qsize() < MOST_AT_ONCE - 1:
            await asyncio.sleep(GATHER_S)
        while len(batch) < MOST_AT_ONCE and not self.waiting.empty():
            batch.append(self.waiting.get_nowait())
        self.intake.counts.received += len(batch)
        return batch

    async def _store(self, batch: Sequence[Heard]) -> None:
        """Read once, then try until it is stored."""
        now = self.clock()
        await self._try(await asyncio.to_thread(self._read, batch, now), now)

    async def _try(self, read: _Read, now: datetime) -> None:
        """Try until it is stored, or will never be."""
        wait_s, unforeseen = FIRST_RETRY_S, 0
        while True:
            try:
                await asyncio.to_thread(self._keep, read, now)
            except UnavailableError as error:
                self.last_error, unforeseen = str(error), 0
                log.warning("telemetry: a batch waits, and %d messages: %s", self.waiting.qsize(), error)
            except Exception as error:  # the loop's top: whatever it is, it may not end the hearing
                log.exception("telemetry: unforeseen")
                self.last_error, unforeseen = repr(error), unforeseen + 1
                if unforeseen >= MOST_TRIES and read.kept is not None:
                    await self._part(read, error, now)
                    return
            else:
                self.stored_at, self.last_error = self.clock(), None
                return
            await asyncio.sleep(wait_s)
            wait_s = min(LONGEST_RETRY_S, 2 * wait_s)

    async def _part(self, read: _Read, error: Exception, now: datetime) -> None:
        """Try each message by itself, so that one holds no other; give one up that is alone."""
        singles = read.singles()
        if len(singles) > 1:
            for _, single in singles:
                await self._try(single, now)
            return
        for device, _ in singles:
            self.intake.reject(device, RejectedError(Cause.REFUSED, repr(error)), now)

    def _read(self, batch: Sequence[Heard], now: datetime) -> _Read:
        read = _Read()
        for heard in batch:
            try:
                _sort_in(read, heard, now)
            except RejectedError as error:
                self.intake.reject(heard.device, error, now)
            except Exception as error:  # the same: no message ends the hearing
                log.exception("telemetry: unforeseen")
                self.intake.reject(heard.device, RejectedError(Cause.MALFORMED, repr(error)), now)
        return read

    def _keep(self, read: _Read, now: datetime) -> None:
        if read.kept is None:
            read.kept = self.intake.admit(read.samples, read.statuses, now)
            read.answers = [each for each in read.answers if self.intake.hears_answer(each.device, now)]
        self.intake.store(read.kept, now)
        while read.answers:
            self._answer(read.answers[0], now)
            read.answers.pop(0)

    def _answer(self, answer: CommandAnswer, now: datetime) -> None:
        try:
            self.answered(answer, now)
        except UnavailableError:
            raise
        except OptimizerError as error:
            log.warning("%s answered %s to %s: %s", answer.device, answer.answer, answer.command_id, error)
            self.intake.reject(answer.device, RejectedError(Cause.REFUSED, str(error)), now)


def _sort_in(read: _Read, heard: Heard, now: datetime) -> None:
    device = lines.device_id(heard.device)
    match heard.kind:
        case Kind.TELEMETRY:
            read.samples.append(lines.sample(device, heard.payload))
        case Kind.STATUS if heard.payload:  # an empty one only clears what the broker kept
            read.statuses.append(lines.status(device, heard.payload, now))
        case Kind.ANSWER:
            read.answers.append(lines.answer(device, heard.payload))
        case _:
            pass
