"""The log is in bounds by kind, and says what it left out."""

import logging
from collections.abc import Iterator

import pytest

from app.cli.fewer_words import MOST_KINDS, MOST_WORDS, SPAN_S, FewerWords


class Heard(logging.Handler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.now = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def heard() -> Iterator[Heard]:
    found, log = Heard(), logging.getLogger("fewer")
    found.addFilter(FewerWords(lambda: found.now))
    log.addHandler(found)
    log.propagate = False
    yield found
    log.removeHandler(found)


def test_one_thing_said_again_and_again_is_said_a_few_times_and_then_counted(heard: Heard) -> None:
    log = logging.getLogger("fewer")
    for caller in range(1000):
        log.warning("caller %d went away", caller)
    log.warning("the battery is away")
    assert len(heard.lines) == MOST_WORDS + 1, "other things are said all the same"
    heard.now = SPAN_S
    log.warning("the battery is back")
    assert heard.lines[-2:] == ["990 more of this were left out: caller %d went away", "the battery is back"]
    log.warning("caller %d went away", 1)
    assert heard.lines[-1] == "caller 1 went away"


def test_one_traceback_of_a_kind_is_enough(heard: Heard) -> None:
    for error in (OSError(24, "no handles"), OSError(24, "no handles"), ValueError("another")):
        logging.getLogger("fewer").error("it failed", exc_info=error)
    assert len(heard.lines) == 2


def test_kinds_without_end_take_no_memory_without_end(heard: Heard) -> None:
    for n in range(10 * MOST_KINDS):
        logging.getLogger("fewer").warning("a sentence of its own %s" % n)  # noqa: G002, UP031 - as one who formats it first
    assert len(heard.lines) == MOST_KINDS + MOST_WORDS
