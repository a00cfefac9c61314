"""What a drill found: what was sent, what callers saw, and which promises were broken. Times are told and never fail a drill."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_MB = 256.0
ANSWER_AIM_S, LIVE_AIM_S = 1.0, 0.05


@dataclass(slots=True)
class Calls:
    """What callers of one route saw: how long each answer took, what it said, and what came instead of one."""

    asked: int = 0
    took_s: list[float] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        """How many got an answer."""
        return len(self.took_s)

    def times(self, aim_s: float) -> str:
        """Return the middle, the slow ones and the slowest, beside the aim."""
        if not self.took_s:
            return "no answer"
        ordered = sorted(self.took_s)
        middle, slow, slowest = (ordered[round(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1))
        verdict = "met" if slow < aim_s else "missed"
        return f"p50 {_ms(middle)}, p95 {_ms(slow)}, max {_ms(slowest)} (aim {_ms(aim_s)}: {verdict})"

    def line(self, aim_s: float) -> str:
        """Return it in a line."""
        said = ", ".join(f"{count} {what}" for what, count in (self.said + self.failed).most_common())
        return f"{self.answered} of {self.asked} answered ({said}); {self.times(aim_s)}"


@dataclass(slots=True)
class Report:
    """One drill."""

    sent: str
    """What was done to the service, in a sentence."""
    lines: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def promise(self, kept: bool, what: str) -> None:  # noqa: FBT001 - the promise is the whole call
        """Note a promise that is broken."""
        if not kept:
            self.broken.append(what)

    def calls(self, who: str, calls: Calls, *, aim_s: float, right: Sequence[str]) -> None:
        """Note what callers saw; every one is to be answered, and to be told one of the right things."""
        self.lines.append(f"{who}: {calls.line(aim_s)}")
        self.promise(calls.answered == calls.asked, f"{who}: {calls.asked - calls.answered} of {calls.asked} were not answered")
        wrong = {what: count for what, count in calls.said.items() if what not in right}
        self.promise(not wrong, f"{who}: told {wrong} instead of {' or '.join(right)}")

    def memory(self, peak_mb: float, *, when: str = "all the while") -> None:
        """Note the most memory that the service held."""
        self.lines.append(f"{when}, memory: at most {peak_mb:.0f} MB resident (promise: under {MOST_MB:.0f} MB)")
        self.promise(peak_mb < MOST_MB, f"{when}, memory: {peak_mb:.0f} MB resident")

    def recovery(self, who: str, took_s: float | None) -> None:
        """Note how long it took until all was well again."""
        self.lines.append(f"{who}: {'never well again' if took_s is None else f'well again after {took_s:.0f} s'}")
        self.promise(took_s is not None, f"{who}: never well again")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
