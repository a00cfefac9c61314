"""Fakes of what the intake stands on: everything in memory, and it can be away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.device import Device, DeviceStanding, unclaimed
from app.domain.dongle import CommandAnswer, DeviceCommand, DeviceState, DongleStatus, LogProgress
from app.domain.errors import InvalidInputError
from app.domain.site import HOME, SiteId
from app.domain.telemetry import Sample
from app.fleet.intake import Intake
from app.fleet.ports import Log
from tests.fake_stores import Disk
from tests.telemetry import DONGLE, NOON


def claimed(device: str = DONGLE) -> Device:
    return Device(id=device, standing=DeviceStanding.CLAIMED, site=HOME, first_seen=NOON, claimed_by="phone", claimed_at=NOON)


@dataclass
class FakeDevices:
    disk: Disk
    known: dict[str, Device] = field(default_factory=lambda: {DONGLE: claimed()})
    entries: list[AuditEntry] = field(default_factory=list)

    def all(self) -> list[Device]:
        self.disk.reach()
        return sorted(self.known.values(), key=lambda each: each.id)

    def get(self, device: str) -> Device | None:
        self.disk.reach()
        return self.known.get(device)

    def note(self, device: str, now: datetime) -> None:
        self.disk.write("note")
        self.known.setdefault(device, unclaimed(device, now))

    def put(self, device: Device, entry: AuditEntry) -> None:
        self.disk.write("device")
        self.known[device.id] = device
        self.entries.append(entry)


@dataclass
class FakeTelemetry:
    disk: Disk
    rows: dict[tuple[str, datetime], Sample] = field(default_factory=dict)
    poison: set[datetime] = field(default_factory=set)
    received: dict[tuple[str, datetime], datetime] = field(default_factory=dict)

    def save(self, samples: Sequence[Sample], received_at: datetime) -> int:
        self.disk.write("telemetry")
        if any(sample.at in self.poison for sample in samples):
            raise InvalidInputError("database: does not fit")
        before = len(self.rows)
        for sample in samples:
            self.rows.setdefault((sample.device, sample.at), sample)
            self.received.setdefault((sample.device, sample.at), received_at)
        return len(self.rows) - before

    def between(self, device: str, start: datetime, end: datetime, *, only_log: bool = False) -> list[Sample]:
        found = [each for each in self._of(device) if start <= each.at < end and (each.seq is not None or not only_log)]
        return sorted(found, key=lambda each: each.at)

    def records(self, device: str, first_seq: int, before_seq: int) -> list[Sample]:
        found = [(each.seq, each) for each in self._of(device) if each.seq is not None and first_seq <= each.seq < before_seq]
        return [each for _, each in sorted(found, key=lambda pair: pair[0])]

    def seqs(self, device: str, first_seq: int, *, limit: int, since: datetime | None = None) -> list[int]:
        found = [each for each in self._of(device) if since is None or self.received[device, each.at] >= since]
        return sorted(each.seq for each in found if each.seq is not None and each.seq >= first_seq)[:limit]

    def _of(self, device: str) -> list[Sample]:
        self.disk.reach()
        return [each for each in self.rows.values() if each.device == device]


@dataclass
class FakeStates:
    disk: Disk
    told: dict[str, int | None] = field(default_factory=dict)
    statuses: dict[str, DongleStatus] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    poison: dict[str, Exception] = field(default_factory=dict)
    """By device: what its status does to whoever stores it."""

    def save_status(self, statuses: Sequence[DongleStatus]) -> None:
        self.disk.reach()
        for each in statuses:
            if each.device in self.poison:
                raise self.poison[each.device]
        self.statuses |= {each.device: each for each in statuses}

    def save_acked(self, acked: Mapping[str, int | None]) -> None:
        self.disk.reach()
        self.told |= acked

    def logs(self) -> dict[str, LogProgress]:
        self.disk.reach()
        oldest = {device: each.oldest_seq for device, each in self.statuses.items()}
        known = {
            device: [seq for seq in (self.told.get(device), oldest.get(device)) if seq is not None] for device in {*self.told, *oldest}
        }
        upto = {device: max(seqs, default=None) for device, seqs in known.items()}
        said = {device: each for device, each in self.statuses.items() if each.next_seq is not None}
        return {device: LogProgress(upto=seq, acked=seq, status=said.get(device)) for device, seq in upto.items()}

    def get(self, device: str) -> DeviceState | None:
        return next(iter(self.of([device])), None)

    def of(self, devices: Sequence[str]) -> list[DeviceState]:
        self.disk.reach()
        return [
            DeviceState(
                device=each,
                sample=self.samples.get(each),
                received_at=sample.at if (sample := self.samples.get(each)) else None,
                status=self.statuses.get(each),
                acked_seq=self.told.get(each),
            )
            for each in sorted(devices)
            if each in self.samples or each in self.statuses
        ]


@dataclass
class FakeCommands:
    disk: Disk
    audit: Log
    sent: list[DeviceCommand] = field(default_factory=list)
    answers: list[CommandAnswer] = field(default_factory=list)

    def save(self, command: DeviceCommand, entry: AuditEntry | None) -> None:
        self.disk.write("command")
        self.sent.append(command)
        if entry is not None:
            self.audit.add(command.site, entry)

    def add_answer(self, answer: CommandAnswer) -> bool:
        self.disk.write("answer")
        if answer in self.answers:
            return False
        self.answers.append(answer)
        return True

    def get(self, device: str, command_id: str) -> DeviceCommand | None:
        self.disk.reach()
        return next((self._with_answers(each) for each in self.sent if (each.device, each.id) == (device, command_id)), None)

    def between(self, device: str, start: datetime, end: datetime) -> list[DeviceCommand]:
        return [self._with_answers(each) for each in self.sent if each.device == device and start <= each.issued < end]

    def _with_answers(self, command: DeviceCommand) -> DeviceCommand:
        return replace(command, answers=tuple(each for each in self.answers if each.command_id == command.id))


@dataclass
class FakeAudit:
    disk: Disk
    entries: list[tuple[SiteId, AuditEntry]] = field(default_factory=list)

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        self.disk.reach()
        self.entries.append((site, entry))

    def between(self, site: SiteId, start: datetime, end: datetime, *, newest: int | None = None) -> list[AuditEntry]:
        return [entry for of, entry in self.entries if of == site and start <= entry.at < end][-(newest or 0) :]


@dataclass
class Dongles:
    """An intake on fakes."""

    disk: Disk = field(default_factory=Disk)
    devices: FakeDevices = field(init=False)
    telemetry: FakeTelemetry = field(init=False)
    states: FakeStates = field(init=False)
    audit: FakeAudit = field(init=False)
    intake: Intake = field(init=False)

    def __post_init__(self) -> None:
        self.devices, self.telemetry = FakeDevices(self.disk), FakeTelemetry(self.disk)
        self.states, self.audit = FakeStates(self.disk), FakeAudit(self.disk)
        self.restart()

    def restart(self) -> None:
        """Forget what was only in memory."""
        self.intake = Intake(self.telemetry, self.states, self.devices, self.audit)

    def hear(self, now: datetime, *samples: Sample, oldest: int | None = None, statuses: Sequence[DongleStatus] = ()) -> None:
        """Take a batch in."""
        said = [] if oldest is None else [DongleStatus(device=DONGLE, online=True, heard_at=now, oldest_seq=oldest)]
        self.intake.store(self.intake.admit(samples, [*said, *statuses], now), now)
