"""A dongle: what it says of itself, how far its log is stored, what it was told and what it answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.decision import Command
from app.domain.price import PriceClass
from app.domain.site import Mode, SiteId
from app.domain.telemetry import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class DongleStatus:
    """What a dongle says of itself; `said` is all of it, in its own words."""

    device: str
    online: bool
    heard_at: datetime
    oldest_seq: int | None = None
    """Nothing below is in its log any more, whether acknowledged or lost."""
    said: Mapping[str, object] = field(default_factory=dict)

    @property
    def next_seq(self) -> int | None:
        """The number that its next record gets; None in a last will."""
        return _count(self.said, "next_seq")

    def is_older(self, other: "DongleStatus") -> bool:
        """Tell whether it was said before another that is in already: a broker may bring one again."""
        mine, others = _count(self.said, "ts"), _count(other.said, "ts")
        return mine is not None and others is not None and mine < others <= other.heard_at.timestamp()

    def is_of_another_log(self, before: "DongleStatus") -> bool:
        """Tell whether the device has begun another log: its boots and its numbers go back only on a new board or an erased flash."""
        pairs = ((_count(self.said, key), _count(before.said, key)) for key in ("boot", "next_seq"))
        return any(now is not None and was is not None and now < was for now, was in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """The newest that is known of a device."""

    device: str
    sample: Sample | None = None
    received_at: datetime | None = None
    status: DongleStatus | None = None
    acked_seq: int | None = None
    """Every record of its log below this one is stored, as far as it was told."""


@dataclass(slots=True)
class LogProgress:
    """How far a device's log is stored. Records come in order, numbers may be skipped after a reboot, one may overtake another."""

    upto: int | None = None
    """Everything below is stored; None until the device or our own records said where its log begins."""
    has_gap: bool = False
    """Something beyond `upto` is stored: it must be looked up what."""
    acked: int | None = None
    acked_at: datetime | None = None
    is_behind: bool = False
    """The device sends what it was told is stored: it has forgotten, or never heard."""
    status: DongleStatus | None = None
    """The newest one that tells of the log."""
    since: datetime | None = None
    """When this log was heard of first; records from before, of the same numbers, are another log's. None: the only one we know."""

    @property
    def owed(self) -> int | None:
        """The record below which everything may be acknowledged; None when there is nothing to tell."""
        if self.upto is None or (self.upto <= (self.acked or 0) and not self.is_behind):
            return None
        return self.upto

    def stored(self, seq: int) -> None:
        """Note that a record is stored durably."""
        if self.upto is not None and seq < self.upto:
            self.is_behind = True
        elif self.upto is None or seq > self.upto:
            self.has_gap = True
        elif seq == self.upto:
            self.upto += 1

    def heed(self, status: DongleStatus) -> bool:
        """Note what the device says of its log: it has nothing below a record. Tell whether it is another log than before."""
        if self.status is not None and status.is_older(self.status):
            return False
        is_other = status.next_seq is not None and self._is_other(status, status.next_seq)
        if is_other:
            self.upto = self.acked = self.acked_at = None
            self.has_gap = self.is_behind = False
            self.since = status.heard_at
        if status.next_seq is not None:
            self.status = status
        if status.oldest_seq is not None:
            self.upto = status.oldest_seq if self.upto is None else max(self.upto, status.oldest_seq)
        return is_other

    def join(self, seqs: list[int]) -> None:
        """Note which records from `upto` on are stored, in order."""
        self.has_gap = False
        for seq in seqs:
            self.stored(seq)

    def told(self, upto: int, at: datetime) -> None:
        """Note that the device was told; if it has begun another log meanwhile, that was no word about this one."""
        self.acked, self.acked_at, self.is_behind = min(upto, self.upto or 0), at, False

    def _is_other(self, status: DongleStatus, next_seq: int) -> bool:
        """Compare with the status before, since records may overtake one; where only a last will is left of it, with what is stored."""
        if self.status is not None:
            return status.is_of_another_log(self.status)
        return self.upto is not None and next_seq < self.upto


class Answer(StrEnum):
    """What became of a command, in a dongle's words."""

    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"
    OVERRIDDEN = "overridden"


FINAL = frozenset({Answer.CONFIRMED, Answer.FAILED, Answer.REFUSED, Answer.EXPIRED, Answer.OVERRIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """One answer to one command, with what was read back."""

    device: str
    command_id: str
    at: datetime
    answer: Answer
    reason: str | None = None
    mode: Mode | None = None
    battery_kw: float | None = None
    soc_pct: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCommand:
    """A leased command to a dongle, and what it answered, oldest first."""

    id: str
    device: str
    site: SiteId
    issued: datetime
    expires: datetime
    """Not to be begun after this."""
    until: datetime
    """Where the lease ends and the dongle goes on by itself."""
    command: Command
    sent_by: str
    decision_id: str | None = None
    answers: tuple[CommandAnswer, ...] = ()

    @property
    def lease_s(self) -> int:
        """How long it holds from when it was issued."""
        return round((self.until - self.issued).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What a dongle does by itself for up to two days: one command per slot, and the class of each slot's price."""

    id: str
    issued: datetime
    expires: datetime
    start: datetime
    step_s: int
    commands: tuple[Command, ...]
    classes: tuple[PriceClass, ...] = ()


def _count(said: Mapping[str, object], key: str) -> int | None:
    value = said.get(key)
    return value if type(value) is int else None
