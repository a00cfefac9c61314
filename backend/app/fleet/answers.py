"""Answers: what dongles said to what they were told; kept, logged, and made the outcome of the decision."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.audit import AuditEntry
from app.domain.decision import Outcome, OutcomeStatus
from app.domain.dongle import FINAL, Answer, CommandAnswer, DeviceCommand
from app.domain.errors import NotFoundError, NotInControlError
from app.domain.site import SiteId
from app.fleet import ports

log = logging.getLogger(__name__)

OUTCOMES = {
    Answer.CONFIRMED: OutcomeStatus.CONFIRMED,
    Answer.FAILED: OutcomeStatus.FAILED,
    Answer.REFUSED: OutcomeStatus.FAILED,
    Answer.EXPIRED: OutcomeStatus.FAILED,
    Answer.OVERRIDDEN: OutcomeStatus.OVERRIDDEN,
}
REPLAYED = "replayed"
ODD_EVERY = timedelta(hours=1)
"""One entry per device and kind: who sends an order a thousand times does not fill the log, nor does a dongle that refuses."""
AUDITED = frozenset({Answer.FAILED, Answer.REFUSED, Answer.EXPIRED, Answer.OVERRIDDEN})
REFUSALS = frozenset({Answer.REFUSED, Answer.EXPIRED, Answer.FAILED})
DONE = frozenset({Answer.CONFIRMED, Answer.OVERRIDDEN})
"""It did so; what somebody did at the inverter since then wins."""


@dataclass(slots=True)
class Answers:
    """Knows what each dongle answered last."""

    devices: ports.Devices
    commands: ports.DeviceCommands
    execute: ports.Reports
    audit: ports.Log
    last: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    """By device: to which command it answered what."""
    odd: dict[tuple[str, Answer, bool], datetime] = field(default_factory=dict)
    """By device and kind: when a refusal, or an order that was not ours or came again, was logged last."""

    def take(self, answer: CommandAnswer, now: datetime) -> None:
        """Keep what a dongle answered, and make it the outcome of the decision.

        Raises:
            UnavailableError: the store is away; nothing is lost if it is told again.
        """
        command = self.commands.get(answer.device, answer.command_id)
        if command is None:
            self._answered_to_nobody(answer, now)
            return
        if answer.reason == REPLAYED:
            self._log_odd(command.site, answer, f"{command.command.mode}: it came again and was not done again", now)
            if any(each.answer in FINAL for each in command.answers):
                return  # what became of it stands
        if any(each.answer is answer.answer and each.at != answer.at for each in command.answers):
            return  # one of each kind is all that becomes of a command; the same again may be one that was not reported yet
        self.last[command.device] = command.id, answer.answer
        is_new = self.commands.add_answer(answer)
        if is_new and answer.answer in AUDITED:
            detail = f"{command.command.mode}: {answer.answer}{f' ({answer.reason})' if answer.reason else ''}"
            log_it = self._log_odd if answer.answer in REFUSALS else self._log
            log_it(command.site, answer, detail, now)
        if command.decision_id is not None and answer.answer in FINAL:
            self.report(command, _outcome(answer))

    def to(self, command: DeviceCommand) -> Answer | None:
        """Return what was answered last to a command, None if nothing was.

        Raises:
            UnavailableError: the store is away.
        """
        of, found = self.last.get(command.device, (None, None))
        if of != command.id:  # answered to another service, or before a restart
            stored = self.commands.get(command.device, command.id)
            found = stored.answers[-1].answer if stored is not None and stored.answers else None
        return found

    def report(self, command: DeviceCommand, outcome: Outcome) -> None:
        """Make it the outcome of the decision that a command carries out, if it carries out one.

        Raises:
            UnavailableError: the store is away.
        """
        if command.decision_id is None:
            return
        try:
            self.execute.report(command.site, command.decision_id, outcome, by=f"dongle:{command.device}")
        except (NotFoundError, NotInControlError) as error:
            log.warning("%s: outcome %s of %s is not kept: %s", command.device, outcome.status, command.decision_id, error)

    def _answered_to_nobody(self, answer: CommandAnswer, now: datetime) -> None:
        """Log what a claimed device refused of others: an order that somebody forged or kept, or a schedule of ours."""
        log.info("%s answered %s (%s) to %s, which is none of our commands", answer.device, answer.answer, answer.reason, answer.command_id)
        device = self.devices.get(answer.device)
        if device is not None and device.site is not None and (answer.answer in AUDITED or answer.reason == REPLAYED):
            self._log_odd(device.site, answer, f"a schedule, or an order that is none of ours: {answer.answer} ({answer.reason})", now)

    def _log_odd(self, site: SiteId, answer: CommandAnswer, detail: str, now: datetime) -> None:
        kind = (answer.device, answer.answer, answer.reason == REPLAYED)  # not by the reason: a device may have a thousand
        last = self.odd.get(kind)
        if last is None or now - last >= ODD_EVERY:
            self._log(site, answer, detail, now)
            self.odd[kind] = now

    def _log(self, site: SiteId, answer: CommandAnswer, detail: str, now: datetime) -> None:
        entry = AuditEntry(at=now, actor=answer.device, action="device.answered", subject=answer.command_id, detail=detail[:500])
        self.audit.add(site, entry)


def _outcome(answer: CommandAnswer) -> Outcome:
    return Outcome(
        status=OUTCOMES[answer.answer],
        at=answer.at,
        reported_by=answer.device,
        mode_read_back=answer.mode,
        battery_kw=answer.battery_kw,
        soc_pct=answer.soc_pct,
        detail=answer.reason or (answer.answer if answer.answer in REFUSALS else None),
    )
