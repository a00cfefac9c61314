"""What the fleet needs of the outside. Only wiring picks who provides it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.audit import AuditEntry
from app.domain.credential import Certificate, ClaimCode, Issued
from app.domain.decision import Decision, Outcome
from app.domain.device import Device
from app.domain.dongle import CommandAnswer, DeviceCommand, DeviceState, DongleStatus, LogProgress, Schedule
from app.domain.refusal import Refusal
from app.domain.setting import Preferences
from app.domain.site import SiteId
from app.domain.telemetry import Rolled, Sample


class Log(Protocol):
    """The log of every change, never rewritten."""

    def add(self, site: SiteId, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    def between(self, site: SiteId, start: datetime, end: datetime, *, newest: int | None = None) -> list[AuditEntry]:
        """Return the entries of a span, or the newest so many of them, oldest first."""
        ...


class Reports(Protocol):
    """Takes what became of a decision."""

    def report(self, site: SiteId, decision_id: str, outcome: Outcome, *, by: str | None = None) -> Decision:
        """Store what was read back; return the decision with all its outcomes.

        Raises:
            NotFoundError: no such decision.
            NotInControlError: somebody else carries this site's decisions out.
        """
        ...


class Preferred(Protocol):
    """What people prefer."""

    def of(self, site: SiteId) -> Preferences:
        """Return what holds."""
        ...


class Refusals(Protocol):
    """Whom the broker turned away."""

    def fresh(self) -> Sequence[Refusal]:
        """Return what it refused since the last time."""
        ...


class Telemetry(Protocol):
    """What dongles measured."""

    def save(self, samples: Sequence[Sample], received_at: datetime) -> int:
        """Store samples once each, all or none; return how many were new.

        Raises:
            InvalidInputError: one of them cannot be stored.
        """
        ...

    def between(self, device: str, start: datetime, end: datetime, *, only_log: bool = False) -> list[Sample]:
        """Return the samples of [start, end), oldest first."""
        ...

    def records(self, device: str, first_seq: int, before_seq: int) -> list[Sample]:
        """Return the records of a device's log with a `seq` in [first, before), in order."""
        ...

    def seqs(self, device: str, first_seq: int, *, limit: int, since: datetime | None = None) -> list[int]:
        """Return the numbers of the records stored from one on, in order; those only that came in since an instant, if one is given."""
        ...


class Rollups(Protocol):
    """Five-minute means of what dongles measured."""

    def roll(self, now: datetime) -> int:
        """Make the means that are due; return how many."""
        ...

    def between(self, device: str, start: datetime, end: datetime) -> list[Rolled]:
        """Return the means of the windows that start in [start, end), oldest first."""
        ...


class DeviceStates(Protocol):
    """The newest that is known of each device."""

    def save_status(self, statuses: Sequence[DongleStatus]) -> None:
        """Keep the newest status of each device."""
        ...

    def save_acked(self, acked: Mapping[str, int | None]) -> None:
        """Keep how far each log is acknowledged; None: nothing of it yet."""
        ...

    def logs(self) -> dict[str, LogProgress]:
        """Return how far each log is: below it all is acknowledged, or gone by the device's own word."""
        ...

    def get(self, device: str) -> DeviceState | None:
        """Return the state of a device; None when nothing was ever heard of it."""
        ...

    def of(self, devices: Sequence[str]) -> list[DeviceState]:
        """Return the states of devices, by name."""
        ...


class DeviceCommands(Protocol):
    """What devices were told, and what they answered. A command and its entry in the log are stored together."""

    def save(self, command: DeviceCommand, entry: AuditEntry | None) -> None:
        """Store a command; the same id of a device is stored once, and logged once where it is worth an entry."""
        ...

    def add_answer(self, answer: CommandAnswer) -> bool:
        """Append an answer; tell whether it was new."""
        ...

    def get(self, device: str, command_id: str) -> DeviceCommand | None:
        """Return a command with its answers; None where there is none."""
        ...

    def between(self, device: str, start: datetime, end: datetime) -> list[DeviceCommand]:
        """Return the commands issued in [start, end), oldest first."""
        ...


class DongleLink(Protocol):
    """The way to dongles, whatever it is: a broker, or a connection to each."""

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        """Say it to a device.

        Raises:
            UnavailableError: there is no way to it now.
        """


class Devices(Protocol):
    """Every device that was ever heard of. A change and its entry in the log are stored together."""

    def all(self) -> list[Device]:
        """Return every device, by id."""
        ...

    def get(self, device: str) -> Device | None:
        """Return a device; None when it was never heard of."""
        ...

    def note(self, device: str, now: datetime) -> None:
        """Note a device that is heard for the first time as unclaimed; one that is known stays as it is."""
        ...

    def put(self, device: Device, entry: AuditEntry) -> None:
        """Store a device as it is now, and who made it so."""
        ...


class Credentials(Protocol):
    """Claim codes and certificates. A change and its entry in the log are stored together."""

    def offer(self, code: ClaimCode, entry: AuditEntry) -> None:
        """Store a code that was just made."""
        ...

    def code(self, sha256: str) -> ClaimCode | None:
        """Return a code by its hash."""
        ...

    def enroll(self, code: ClaimCode, device: Device, certificate: Certificate, entry: AuditEntry) -> None:
        """Use a code up: the device is claimed, its earlier certificates end, the new one counts.

        Raises:
            ConflictError: somebody else used it in this very moment.
        """
        ...

    def renew(self, certificate: Certificate, site: SiteId, entry: AuditEntry) -> None:
        """Store a further certificate of a device; the one before ends by itself."""
        ...

    def revoke(self, device: Device, entry: AuditEntry) -> None:
        """Shut a device out, with every certificate it has."""
        ...

    def certificate(self, serial: str) -> Certificate | None:
        """Return a certificate by its serial number."""
        ...

    def revoked(self, now: datetime) -> list[Certificate]:
        """Return the certificates that were revoked and would still be good otherwise."""
        ...


class Authority(Protocol):
    """Who signs certificates."""

    @property
    def root_pem(self) -> str:
        """What devices and the broker trust."""
        ...

    def sign(self, csr_pem: str, device: str, now: datetime) -> Issued:
        """Return a certificate for the key of a request.

        Raises:
            InvalidInputError: the request cannot be signed.
        """
        ...

    def proven(self, certificate_pem: str, message: bytes, signature: bytes, now: datetime) -> Certificate:
        """Return a certificate of ours that is in date and whose key signed a message.

        Raises:
            DeniedError: it is not ours, out of date, or somebody else signed.
        """
        ...

    def publish_revoked(self, revoked: Sequence[Certificate], now: datetime) -> None:
        """Write the list of certificates that are no longer good where the broker reads it."""
        ...
