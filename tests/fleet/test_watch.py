"""What the broker refused is in the log once, and a flood of it is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.audit import AuditEntry
from app.domain.errors import RejectedError, UnavailableError
from app.domain.refusal import Refusal
from app.domain.site import HOME, SiteId
from app.domain.telemetry import Cause
from app.fleet.intake import Intake
from app.fleet.watch import MOST_AN_HOUR, Watch
from app.storage.audit import AuditStore
from app.storage.database import Database
from app.storage.device_states import DeviceStateStore
from app.storage.devices import DeviceStore
from app.storage.telemetry import TelemetryStore
from tests.served_app import settings_in

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class Told:
    refusals: list[Refusal] = field(default_factory=list)

    def say(self, what: str, at: datetime = NOON, who: str | None = "bat_a") -> None:
        self.refusals.append(Refusal(at=at, who=who, what=what))

    def fresh(self) -> Sequence[Refusal]:
        found, self.refusals = self.refusals, []
        return found


@dataclass
class Away:
    kept: list[AuditEntry] = field(default_factory=list)
    away: bool = True

    def add(self, _site: SiteId, entry: AuditEntry) -> None:
        if self.away:
            raise UnavailableError("the database is away")
        self.kept.append(entry)

    def between(self, _site: SiteId, _start: datetime, _end: datetime, *, newest: int | None = None) -> list[AuditEntry]:  # noqa: ARG002
        return []


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(settings_in(tmp_path).database.url.get_secret_value())
    yield opened
    opened.close()


def watch(told: Told, database: Database) -> Watch:
    return Watch(told, DeviceStore(database), AuditStore(database))


def logged(database: Database) -> list[tuple[str, str]]:
    entries = AuditStore(database).between(HOME, NOON - timedelta(days=1), NOON + timedelta(days=1))
    return [(each.actor, each.detail) for each in entries if each.action == "device.refused"]


def test_what_is_the_same_is_one_entry_with_a_number(database: Database) -> None:
    told = Told()
    told.say("may not say devices/bat_b/telemetry")
    told.say("may not say devices/bat_b/telemetry")
    told.say("it showed no certificate", who=None)

    watch(told, database).turn(NOON)

    assert sorted(logged(database)) == [("bat_a", "may not say devices/bat_b/telemetry (2 times)"), ("unknown", "it showed no certificate")]


def test_after_a_restart_nothing_is_logged_twice_and_nothing_is_missed(database: Database) -> None:
    told, later = Told(), NOON + timedelta(seconds=5)
    told.say("first")
    watch(told, database).turn(NOON)
    told.say("first")
    told.say("while we were away", at=later)

    watch(told, database).turn(later)

    assert [detail for _, detail in logged(database)] == ["first", "while we were away"]


def test_what_the_intake_did_not_hear_hides_no_refusal_of_the_broker_after_a_restart(database: Database) -> None:
    told, later = Told(), NOON + timedelta(seconds=5)
    told.say("while we were away")
    intake = Intake(TelemetryStore(database), DeviceStateStore(database), DeviceStore(database), AuditStore(database))
    intake.reject("bat_r", RejectedError(Cause.REVOKED, "bat_r: it was shut out"), later)

    watch(told, database).turn(later)

    assert logged(database) == [("bat_a", "while we were away")]


def test_a_flood_is_counted_and_not_logged(database: Database) -> None:
    told = Told()
    ours = watch(told, database)
    for number in range(MOST_AN_HOUR + 500):
        told.say(f"may not say {number}")
    ours.turn(NOON)
    assert len(logged(database)) == MOST_AN_HOUR

    told.say("the next hour", at=NOON + timedelta(hours=1))
    ours.turn(NOON + timedelta(hours=1))

    assert logged(database)[-1][1] == "the next hour; 500 more since the last entry, too many to log"


def test_what_cannot_be_logged_now_waits(database: Database) -> None:
    told, away = Told(), Away()
    ours = Watch(told, DeviceStore(database), away)
    told.say("first")
    with pytest.raises(UnavailableError):
        ours.turn(NOON)
    away.away = False

    ours.turn(NOON)
    ours.turn(NOON)

    assert [each.detail for each in away.kept] == ["first"]
