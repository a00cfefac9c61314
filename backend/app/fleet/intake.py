"""Intake: what dongles say is judged, stored once and acknowledged. Nothing a device says can stop it."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.device import Device, unclaimed
from app.domain.dongle import DongleStatus, LogProgress
from app.domain.errors import OptimizerError, RejectedError, UnavailableError
from app.domain.site import HOME
from app.domain.telemetry import Cause, Sample, judged
from app.fleet import ports

log = logging.getLogger(__name__)

KNOWN_FOR = timedelta(seconds=10)
"""A device that was just claimed or revoked is treated as such at most this much later."""
ACK_EVERY = timedelta(seconds=30)
ACK_AFTER_RECORDS = 30
"""A log that is being drained is told sooner."""
LOOKED_UP = 5_000
SHOWN_LETTERS = 20
AUDITED = frozenset({Cause.FORGED, Cause.REVOKED})
ACTION = "device.unheard"
"""Not the word of the broker's refusals: its watch goes on after the newest of those."""
AUDITED_EVERY = timedelta(hours=1)
"""One entry per device and cause: somebody who knocks a thousand times does not fill the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that was not taken."""

    at: datetime
    device: str
    cause: Cause
    detail: str


@dataclass(slots=True)
class Counts:
    """How the intake does, since the service started."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: Counter[Cause] = field(default_factory=Counter)
    batches: int = 0
    batch_s: float = 0.0
    """Seconds spent storing, in all."""
    rolled: int = 0
    acks: int = 0
    letters: deque[DeadLetter] = field(default_factory=lambda: deque(maxlen=SHOWN_LETTERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is to be stored: good samples, the records that are dealt with by that, and statuses."""

    samples: Sequence[Sample]
    seqs: Sequence[tuple[str, int]]
    statuses: Sequence[DongleStatus]

    def singles(self) -> list[tuple[str, "Batch"]]:
        """Return it as batches of one message each, with whose it is; records that were not taken are left out, and come again."""
        statuses = [(each.device, Batch(samples=(), seqs=(), statuses=(each,))) for each in self.statuses]
        seqs = [() if each.seq is None else ((each.device, each.seq),) for each in self.samples]
        return statuses + [
            (each.device, Batch(samples=(each,), seqs=seq, statuses=())) for each, seq in zip(self.samples, seqs, strict=True)
        ]


@dataclass(slots=True)
class Intake:
    """Stores what claimed devices say; every other message is counted by its cause."""

    telemetry: ports.Telemetry
    states: ports.DeviceStates
    devices: ports.Devices
    audit: ports.Log
    counts: Counts = field(default_factory=Counts)
    known: Mapping[str, Device] | None = None
    known_at: datetime | None = None
    progress: dict[str, LogProgress] | None = None
    moved: set[str] = field(default_factory=set)
    """Devices whose log went on since it was acknowledged."""
    anew: set[str] = field(default_factory=set)
    """Devices that began another log, while it is not kept that nothing of it is acknowledged."""
    audited: dict[tuple[str, Cause], datetime] = field(default_factory=dict)

    def admit(self, samples: Sequence[Sample], statuses: Sequence[DongleStatus], now: datetime) -> Batch:
        """Return what is to be stored of what was said; the rest is counted.

        Raises:
            UnavailableError: it cannot be asked who may be heard; nothing was counted.
        """
        self._prepare(now)
        self._note({sample.device for sample in samples} | {status.device for status in statuses}, now)
        good = [kept for sample in samples if (kept := self._admitted(sample, now)) is not None]
        seqs = [(each.device, each.seq) for each in samples if each.seq is not None and _is_claimed(self._known(each.device))]
        return Batch(samples=good, seqs=seqs, statuses=[status for status in statuses if self._may_tell_status(status, now)])

    def store(self, batch: Batch, now: datetime) -> None:
        """Store a batch; after a failure it may be stored again.

        Raises:
            UnavailableError: the database did not answer.
        """
        for status in batch.statuses:
            if self._progress(status.device).heed(status):
                log.warning("%s begins another log at %s: it is another board, or its flash was erased", status.device, status.oldest_seq)
                self.anew.add(status.device)
        self.states.save_acked(dict.fromkeys(self.anew))  # before the status by which it was known
        self.anew.clear()
        self._save(batch.statuses, self.states.save_status, now)
        new = self._save(batch.samples, lambda samples: self.telemetry.save(samples, now), now)
        self.counts.stored += new
        self.counts.duplicate += len(batch.samples) - new
        for device, seq in batch.seqs:  # also of what cannot be true: it would only come again
            self._progress(device).stored(seq)
        self.moved |= {device for device, _ in batch.seqs} | {status.device for status in batch.statuses}

    def acks_due(self, now: datetime) -> dict[str, int]:
        """Return which logs may be told that everything below a record is stored, and keep that they are.

        Raises:
            UnavailableError: the database did not answer; they are due the next time.
        """
        due: dict[str, int] = {}
        for device in [each for each in self.moved if _is_due(self._progress(each), now)]:
            progress = self._progress(device)
            if progress.has_gap and progress.upto is not None:
                progress.join(self.telemetry.seqs(device, progress.upto, limit=LOOKED_UP, since=progress.since))
            if progress.owed is not None:
                due[device] = progress.owed
            else:
                self.moved.discard(device)
        self.states.save_acked(due)
        for device, upto in due.items():
            self._progress(device).told(upto, now)
            self.moved.discard(device)
        self.counts.acks += len(due)
        return due

    def reject(self, device: str, error: RejectedError, now: datetime) -> None:
        """Count something that is not taken; what looks like an attempt to get in goes to the audit log, now and then."""
        cause = Cause(error.cause)
        self.counts.rejected[cause] += 1
        self.counts.letters.append(DeadLetter(at=now, device=device[:64], cause=cause, detail=str(error)[:200]))
        last = self.audited.get((device, cause))
        if cause in AUDITED and (last is None or now - last >= AUDITED_EVERY):
            self.audited[device, cause] = now
            entry = AuditEntry(at=now, actor=device[:64], action=ACTION, subject=device[:64], detail=f"{cause}: {error}"[:500])
            try:
                self.audit.add(HOME, entry)
            except OptimizerError as refused:
                log.warning("not in the audit log: %s: %s", entry.detail, refused)

    def hears_answer(self, device: str, now: datetime) -> bool:
        """Tell whether a device's answers are taken; those of others are counted.

        Raises:
            UnavailableError: it cannot be asked who may be heard.
        """
        self._prepare(now)
        try:
            _admit(device, self._known(device))
        except RejectedError as error:
            self.reject(device, error, now)
            return False
        return True

    def device(self, device: str, now: datetime) -> Device | None:
        """Return a device as it is registered; None when it was never heard of.

        Raises:
            UnavailableError: that was never known and cannot be asked now.
        """
        self._prepare(now)
        return self._known(device)

    def _prepare(self, now: datetime) -> None:
        """Know who may be heard, and at the start how far each log was acknowledged."""
        if self.progress is None:
            self.progress = self.states.logs()
        if self.known is not None and self.known_at is not None and now - self.known_at < KNOWN_FOR:
            return
        try:
            self.known, self.known_at = {each.id: each for each in self.devices.all()}, now
        except UnavailableError:
            if self.known is None:
                raise

    def _known(self, device: str) -> Device | None:
        return (self.known or {}).get(device)

    def _is_revoked(self, device: str) -> bool:
        known = self._known(device)
        return known is not None and known.is_revoked

    def _progress(self, device: str) -> LogProgress:
        if self.progress is None:
            self.progress = {}
        return self.progress.setdefault(device, LogProgress())

    def _note(self, devices: set[str], now: datetime) -> None:
        """Note who is heard for the first time."""
        for device in sorted(devices.difference(self.known or {})):
            self.devices.note(device, now)
            self.known = {**(self.known or {}), device: unclaimed(device, now)}

    def _admitted(self, sample: Sample, now: datetime) -> Sample | None:
        try:
            _admit(sample.device, self._known(sample.device))
            kept, wrong = judged(sample, now)
        except RejectedError as error:
            self.reject(sample.device, error, now)
            return None
        for name in wrong:
            self.reject(sample.device, RejectedError(Cause.IMPLAUSIBLE, f"{sample.device}: {name} {getattr(sample, name)}"), now)
        return kept

    def _may_tell_status(self, status: DongleStatus, now: datetime) -> bool:
        """Tell whether a status is kept: claimed or not, so that a person sees what there is to claim, but not a revoked one's."""
        if not self._is_revoked(status.device):
            return True
        self.reject(status.device, RejectedError(Cause.REVOKED, f"{status.device}: its certificate was revoked"), now)
        return False

    def _save[Told: (Sample, DongleStatus)](self, told: Sequence[Told], save: Callable[[Sequence[Told]], int | None], now: datetime) -> int:
        """Store what was told; if the database refuses it, find by halves the one it refuses. Return how many were new, if it is known."""
        if not told:
            return 0
        try:
            return save(told) or 0
        except UnavailableError:
            raise
        except OptimizerError as error:  # it would be refused for ever
            if len(told) == 1:
                self.reject(told[0].device, RejectedError(Cause.REFUSED, str(error)), now)
                return 0
        half = len(told) // 2
        return self._save(told[:half], save, now) + self._save(told[half:], save, now)


def _admit(device: str, known: Device | None) -> None:
    if known is not None and known.is_revoked:
        raise RejectedError(Cause.REVOKED, f"{device}: it was shut out")
    if known is None or known.site is None:
        raise RejectedError(Cause.UNCLAIMED, f"{device}: nobody has claimed it")


def _is_claimed(known: Device | None) -> bool:
    return known is not None and known.site is not None


def _is_due(progress: LogProgress, now: datetime) -> bool:
    if progress.acked_at is None or now - progress.acked_at >= ACK_EVERY:
        return True
    return progress.upto is not None and progress.upto - (progress.acked or 0) >= ACK_AFTER_RECORDS
