"""A house that a dongle drives."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.decision import OutcomeStatus
from app.domain.dongle import Answer, CommandAnswer, DeviceCommand, Schedule
from app.domain.errors import UnavailableError
from app.domain.plan import Plan
from app.domain.site import HOME, Mode
from app.fleet.drive import Drive
from app.usecases.preferences import Prefer
from tests import records
from tests.builders import house
from tests.documents import prefer_in
from tests.fake_stores import Disk
from tests.fakes import FakeHome
from tests.fleet.dongles import FakeCommands, FakeDevices, claimed
from tests.records import NOON
from tests.telemetry import DONGLE

SECOND = timedelta(seconds=1)
CHARGE = records.decision(0)
CALM = {Mode.SELF_USE}
OTHER = "bat_other"


@dataclass
class Driven:
    """A house that a dongle drives, and what the dongle was told."""

    home: FakeHome = field(default_factory=FakeHome)
    disk: Disk = field(default_factory=Disk)
    said: list[tuple[DeviceCommand | Schedule, str]] = field(default_factory=list)
    is_away: bool = False
    commands: FakeCommands = field(init=False)
    devices: FakeDevices = field(init=False)
    prefer: Prefer = field(init=False)
    drive: Drive = field(init=False)

    def __post_init__(self) -> None:
        self.commands, self.devices = FakeCommands(self.disk, self.home.audit), FakeDevices(self.disk)
        self.devices.known[OTHER] = claimed(OTHER)
        self.prefer = prefer_in(self.home.homes, self.devices, self.home.audit)
        self.home.execute.controller_of = lambda site: self.prefer.of(site).controller
        self.home.decisions.save(CHARGE)
        self.restart()
        self.control(f"dongle:{DONGLE}")

    def restart(self) -> None:
        self.drive = Drive(self.prefer, self.devices, self.commands, self.home.execute, self.home.audit, self.send)

    def control(self, controller: str, *, dry_run: bool = False) -> None:
        self.prefer.change(HOME, reserve_pct=None, dry_run=dry_run, controller=controller, actor="phone", now=NOON)

    def send(self, what: DeviceCommand | Schedule, device: str) -> None:
        if self.is_away:
            raise UnavailableError("no broker")
        self.said.append((what, device))

    def turn(self, now: datetime, plan: Plan | None = None) -> None:
        self.drive.turn(house(), self.home.decisions.rows[CHARGE.id], plan, now)

    def answer(self, answer: Answer, at: datetime, **more: object) -> None:
        told = self.told[-1]
        self.drive.answered(replace(CommandAnswer(device=DONGLE, command_id=told.id, at=at, answer=answer), **more), at)  # type: ignore[arg-type]

    @property
    def told(self) -> list[DeviceCommand]:
        return [what for what, _ in self.said if isinstance(what, DeviceCommand)]

    @property
    def released(self) -> list[str]:
        """Which dongles were sent to self-use, each time with no plan of their own, which they hear first."""
        calm = [
            (what.id, device) for what, device in self.said if isinstance(what, Schedule) and {each.mode for each in what.commands} == CALM
        ]
        ended = [(told.id.removesuffix(".0"), told.device) for told in self.told if told.decision_id is None and told.command.mode in CALM]
        assert calm == ended
        return [device for _, device in ended]

    @property
    def outcomes(self) -> list[OutcomeStatus]:
        return [each.status for each in self.home.decisions.rows[CHARGE.id].outcomes]
