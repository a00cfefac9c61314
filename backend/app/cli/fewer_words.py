"""The log in bounds: who makes the service say one thing again and again fills no disk, and hides nothing else that it says."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SPAN_S = 60.0
MOST_WORDS = 10
"""Of one kind in a span: a few houses may each say the same."""
MOST_TRACEBACKS = 1
MOST_KINDS = 500
"""More kinds than the program has sentences; beyond, all that is new counts as one."""
ITSELF = "left_out"

type Kind = tuple[str, int, str, str]


@dataclass(slots=True)
class Count:
    """What one kind said since its span began."""

    since: float
    said: int = 0
    left_out: int = 0


@dataclass(slots=True)
class FewerWords:
    """A filter of a handler: lets the first records of a kind through, and tells later how many it left out.

    A kind is where a record comes from: its logger, level, sentence without the values, and error.
    """

    clock: Callable[[], float] = time.monotonic
    counts: dict[Kind, Count] = field(default_factory=dict)
    counting: threading.Lock = field(default_factory=threading.Lock)

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record is to be told; what was left out before is told first."""
        if hasattr(record, ITSELF):
            return True
        with self.counting:
            over = self._over()
            count = self._count(_kind(record))
            count.said += 1
            told = count.said <= (MOST_TRACEBACKS if record.exc_info else MOST_WORDS)
            count.left_out += not told
        for (name, level, sentence, _), left_out in over:
            logging.getLogger(name).log(level, "%d more of this were left out: %s", left_out, sentence, extra={ITSELF: True})
        return told

    def _count(self, kind: Kind) -> Count:
        if kind not in self.counts and len(self.counts) >= MOST_KINDS:
            kind = ("app", logging.WARNING, "many different things", "")
        return self.counts.setdefault(kind, Count(self.clock()))

    def _over(self) -> list[tuple[Kind, int]]:
        """Forget the kinds whose span is over; return those that had something left out."""
        now = self.clock()
        ended = {kind: count for kind, count in self.counts.items() if now - count.since >= SPAN_S}
        for kind in ended:
            del self.counts[kind]
        return [(kind, count.left_out) for kind, count in ended.items() if count.left_out]


def _kind(record: logging.LogRecord) -> Kind:
    error = record.exc_info[0] if record.exc_info else None
    return record.name, record.levelno, str(record.msg), error.__name__ if error is not None else ""


def use_fewer_words(*loggers: str) -> None:
    """Put every handler of these loggers in bounds; the root is the empty name."""
    for name in loggers:
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(FewerWords())
