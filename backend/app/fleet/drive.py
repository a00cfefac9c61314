"""Drive: carries decisions out through a dongle, and says it its schedule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.control.schedule import LONGEST, schedule
from app.domain.audit import AuditEntry
from app.domain.decision import Command, Decision, Outcome, OutcomeStatus
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand, Schedule
from app.domain.errors import NotFoundError, NotInControlError, UnavailableError
from app.domain.plan import Plan
from app.domain.possible import must_be_possible
from app.domain.setting import dongle_of
from app.domain.site import Mode, Site, SiteId
from app.fleet import ports
from app.fleet.answers import DONE, REFUSALS, Answers

BEGIN_WITHIN = timedelta(seconds=60)
"""A command is begun by then or not at all; the broker forgets it then, too."""
AGAIN_AFTER, AGAIN_AT_LAST = timedelta(seconds=19), timedelta(seconds=299)
"""What was told in vain is told again with the next turn, then after twice as long each time, up to five minutes."""
LONGEST_LEASE = timedelta(hours=24)
HELD_FOR = LONGEST_LEASE + LONGEST
"""So long after it was last told something a dongle may hold an order of ours, and a schedule said during it."""
OPTIMIZER = "optimizer"
RELEASE = "r-"
"""How the id of a command begins that sends a dongle that no longer drives to self-use."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a dongle was told last."""

    command: DeviceCommand
    holds_until: datetime
    """After this nothing of ours is left in it, told to let go or not."""
    again_after: timedelta = AGAIN_AFTER
    """It is told the same again this much later, if it does nothing; longer with each time that it was told in vain."""

    @property
    def is_release(self) -> bool:
        """Whether it was told to let go."""
        return self.command.id.startswith(RELEASE)


@dataclass(slots=True)
class Drive:
    """Knows which dongle drives which site, and what each was told last."""

    prefer: ports.Preferred
    devices: ports.Devices
    commands: ports.DeviceCommands
    execute: ports.Reports
    audit: ports.Log
    send: Callable[[DeviceCommand | Schedule, str], None]
    told: dict[SiteId, dict[str, Told]] = field(default_factory=dict)
    """By site and device; read from the store once, at the start."""
    scheduled: dict[str, tuple[object, ...]] = field(default_factory=dict)
    """By device: what its schedule says."""
    answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        self.answers = Answers(self.devices, self.commands, self.execute, self.audit)

    def turn(self, site: Site, decision: Decision, plan: Plan | None, now: datetime) -> None:
        """Tell the dongle that drives a site what was decided, unless it knows; and the schedule, if it changed. Let go of every other.

        Raises:
            UnavailableError: the store is away, or there is no way to the dongle; the next turn tries again.
        """
        told = self._told(site.id, now)
        preferences = self.prefer.of(site.id)
        device = None if preferences.writes_nothing else dongle_of(preferences.controller)
        for last in [each for each in told.values() if each.command.device != device]:
            self._let_go(last, now)
        if device is None:
            return
        if plan is not None:
            self._say_schedule(device, schedule(site, plan, now=now))
        if not self._is_held(site.id, device, now) and not self._knows(site.id, device, decision, now):
            self._tell(site.id, device, decision, now)

    def order(self, device: str, command: Command, *, house: Site, lease: timedelta, actor: str, now: datetime) -> DeviceCommand:
        """Tell a dongle what a person wants; it stands until its lease ends, and the optimizer holds back as long.

        Raises:
            InvalidInputError: the house cannot do it; the sentence says the bound.
            NotFoundError: nobody has claimed such a device.
            NotInControlError: something else drives its site, or it is a dry run.
            UnavailableError: there is no way to it now.
        """
        known = self.devices.get(device)
        if known is None or known.site is None or known.is_revoked:
            raise NotFoundError(f"nobody has claimed a device {device!r}")
        self._must_control(known.site, device)
        must_be_possible(house, command)
        name = f"p-{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}"
        until = now + min(lease, LONGEST_LEASE)
        sent = DeviceCommand(
            id=name, device=device, site=known.site, issued=now, expires=now + BEGIN_WITHIN, until=until, command=command, sent_by=actor
        )
        self._keep(sent)
        self.send(sent, device)
        return sent

    def answered(self, answer: CommandAnswer, now: datetime) -> None:
        """Keep what a dongle answered, and make it the outcome of the decision.

        Raises:
            UnavailableError: the store is away; nothing is lost if it is told again.
        """
        self.answers.take(answer, now)

    def _must_control(self, site: SiteId, device: str) -> None:
        preferences = self.prefer.of(site)
        if dongle_of(preferences.controller) != device:
            raise NotInControlError(f"site {site} is driven by {preferences.controller}, not by {device}; change its controller first")
        if preferences.writes_nothing:
            why = "in a dry run, which commands nothing; turn it off" if preferences.enabled else "not to be controlled; enable control"
            raise NotInControlError(f"site {site} is {why} first")

    def _say_schedule(self, device: str, wanted: Schedule | None) -> None:
        if wanted is None:
            return
        says = (wanted.start, wanted.step_s, wanted.commands, wanted.classes)
        if self.scheduled.get(device) != says:
            self.send(wanted, device)
            self.scheduled[device] = says

    def _let_go(self, last: Told, now: datetime) -> None:
        """Have a dongle that does not drive let go, and tell it again until it did or has nothing of ours left."""
        command = last.command
        if now >= last.holds_until or (last.is_release and self.answers.to(command) in DONE):
            del self.told[command.site][command.device]
        elif not (last.is_release and self._rests(last, now)):
            self._release(last, now)

    def _release(self, last: Told, now: datetime) -> None:
        """Tell a dongle to go to self-use, and to have no other plan."""
        device, name, expires = last.command.device, f"{RELEASE}{now:%Y%m%dT%H%M%S}", now + BEGIN_WITHIN
        calm = (Command(mode=Mode.SELF_USE),) * 48
        start = now.replace(minute=0, second=0, microsecond=0)
        plan = Schedule(id=name, issued=now, expires=expires, start=start, step_s=3600, commands=calm)
        ended = DeviceCommand(
            id=f"{name}.0", device=device, site=last.command.site, issued=now, expires=expires,
            until=expires, command=calm[0], sent_by=OPTIMIZER,
        )  # fmt: skip
        self._keep(ended, holds_until=last.holds_until)
        self.scheduled.pop(device, None)
        self.send(plan, device)
        self.send(ended, device)

    def _is_held(self, site: SiteId, device: str, now: datetime) -> bool:
        """Tell whether a person's command stands."""
        last = self._told(site, now).get(device)
        if last is None or last.is_release or last.command.decision_id is not None:
            return False
        return last.command.until > now and self.answers.to(last.command) not in REFUSALS

    def _knows(self, site: SiteId, device: str, decision: Decision, now: datetime) -> bool:
        """Tell whether the dongle was told and does it, or still may; or whether the decision is over."""
        if decision.valid_until <= now:
            return True
        last = self._told(site, now).get(device)
        if last is None or last.command.decision_id != decision.id:
            return False
        return self._rests(last, now)

    def _rests(self, last: Told, now: datetime) -> bool:
        """Tell whether a dongle is not told the same again yet: it did so, still may, or did not only just now."""
        answer = self.answers.to(last.command)
        if answer in DONE or (answer not in REFUSALS and now < last.command.expires):
            return True
        return now - last.command.issued < last.again_after

    def _told(self, site: SiteId, now: datetime) -> dict[str, Told]:
        """Return what each dongle of a site was told last; after a restart, by the store."""
        if site not in self.told:
            mine = [each.id for each in self.devices.all() if each.site == site]
            sent = [self.commands.between(device, now - HELD_FOR, now + BEGIN_WITHIN)[-1:] for device in mine]
            self.told.setdefault(site, {last.device: Told(last, last.until + LONGEST) for [last] in filter(None, sent)})
        return self.told[site]

    def _tell(self, site: SiteId, device: str, decision: Decision, now: datetime) -> None:
        command = DeviceCommand(
            id=f"{decision.id}.{int(now.timestamp()) % 100_000}",
            device=device,
            site=site,
            issued=now,
            expires=min(now + BEGIN_WITHIN, decision.valid_until),
            until=decision.valid_until,
            command=decision.command,
            sent_by=OPTIMIZER,
            decision_id=decision.id,
        )
        self.answers.report(command, Outcome(status=OutcomeStatus.COMMANDED, at=now, reported_by=device))
        try:
            self._keep(command)
            self.send(command, device)
        except UnavailableError as error:
            self.answers.report(command, Outcome(status=OutcomeStatus.FAILED, at=now, reported_by=device, detail=str(error)))
            raise

    def _keep(self, command: DeviceCommand, *, holds_until: datetime | None = None) -> None:
        """Store, log and remember what is about to be sent, so that no answer comes to a command that nobody knows."""
        of_site = self._told(command.site, command.issued)
        last = of_site.get(command.device)
        is_heard = last is None or self.answers.to(last.command) in {*DONE, Answer.ACCEPTED}
        again_after = AGAIN_AFTER if last is None or is_heard else min(2 * last.again_after, AGAIN_AT_LAST)
        told = Told(command, holds_until or command.until + LONGEST, again_after)
        self.commands.save(command, None if last is not None and _is_again(told, last) else _entry(command))
        of_site[command.device] = told


def _entry(command: DeviceCommand) -> AuditEntry:
    """Return what the log says of a command."""
    detail = f"{command.command} until {command.until:%Y-%m-%dT%H:%M:%SZ}"
    subject = f"{command.device} {command.id}"
    return AuditEntry(at=command.issued, actor=command.sent_by, action="device.commanded", subject=subject, detail=detail)


def _is_again(told: Told, last: Told) -> bool:
    """Tell whether the optimizer says what it said last, which the log has. What a person says is always news."""
    one, other = told.command, last.command
    return (one.sent_by, told.is_release, one.command) == (other.sent_by, last.is_release, other.command) and one.sent_by == OPTIMIZER
