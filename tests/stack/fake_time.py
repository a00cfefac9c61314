"""A clock that a test moves under whole programs. Node-RED, Home Assistant and the service all read it, by libfaketime, from one file.

Only the time of day is moved; what programs measure and wait by (the monotonic clock) stays honest.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

LIBRARIES = Path("/usr/lib")
PYTHON_REPAIRS = Path(__file__).with_name("moved_time")


def library() -> Path | None:
    """Return where libfaketime for threads is, if it is installed."""
    return next(iter(sorted(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"))), None)


@dataclass
class FakeTime:
    """The wall clock and an offset, kept in a file."""

    file: Path
    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def move_to(self, at: datetime) -> None:
        """Make it another time for everybody at once."""
        self.offset = at - datetime.now(UTC)
        written = self.file.with_suffix(".new")
        written.write_text(f"{self.offset.total_seconds():+.3f}\n")
        written.replace(self.file)

    def environment(self) -> dict[str, str]:
        """Return what makes a program live by it."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # with moved times of files Python compiles everything anew
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # what it guesses here keeps threads of Python waiting for the interpreter
            "PYTHONPATH": os.pathsep.join([str(PYTHON_REPAIRS), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "TZ": "Europe/London",
        }
