"""Commands to devices with what was answered; both are only ever added."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.decision import Command
from app.domain.dongle import CommandAnswer, DeviceCommand
from app.domain.site import SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.device_models import CommandAnswerRow, DeviceCommandRow
from app.storage.upsert import insert_once

OF_ANSWER = tuple(each.name for each in fields(CommandAnswer))


@dataclass(frozen=True, slots=True)
class DeviceCommandStore:
    """The history of commands."""

    database: Database

    def save(self, command: DeviceCommand, entry: AuditEntry | None) -> None:
        """Store a command; the same id of a device is stored once, and logged once where it is worth an entry."""
        row = {
            "device": command.device,
            "id": command.id,
            "site": command.site,
            "issued": command.issued,
            "expires": command.expires,
            "until": command.until,
            **asdict(command.command),
            "sent_by": command.sent_by,
            "decision_id": command.decision_id,
        }

        def work(session: Session) -> None:
            if insert_once(session, DeviceCommandRow, [row]) and entry is not None:
                append(session, command.site, entry)

        self.database.write(work)

    def add_answer(self, answer: CommandAnswer) -> bool:
        """Append an answer; tell whether it was new."""
        return bool(self.database.write(lambda session: insert_once(session, CommandAnswerRow, [asdict(answer)])))

    def get(self, device: str, command_id: str) -> DeviceCommand | None:
        """Return a command with its answers; None where there is none."""
        asked = select(DeviceCommandRow).where(DeviceCommandRow.device == device, DeviceCommandRow.id == command_id)
        return next(iter(self._commands(device, asked)), None)

    def between(self, device: str, start: datetime, end: datetime) -> list[DeviceCommand]:
        """Return the commands issued in [start, end), oldest first."""
        asked = select(DeviceCommandRow).where(
            DeviceCommandRow.device == device, DeviceCommandRow.issued >= start, DeviceCommandRow.issued < end
        )
        return self._commands(device, asked.order_by(DeviceCommandRow.issued, DeviceCommandRow.id))

    def _commands(self, device: str, asked: Select[Any]) -> list[DeviceCommand]:
        def work(session: Session) -> list[DeviceCommand]:
            rows: list[DeviceCommandRow] = list(session.scalars(asked))
            answers = _answers(session, device, [row.id for row in rows])
            return [_command(row, answers[row.id]) for row in rows]

        return self.database.read(work)


def _answers(session: Session, device: str, ids: Sequence[str]) -> dict[str, list[CommandAnswer]]:
    asked = select(CommandAnswerRow).where(CommandAnswerRow.device == device, CommandAnswerRow.command_id.in_(ids))
    found: dict[str, list[CommandAnswer]] = defaultdict(list)
    for row in session.scalars(asked.order_by(CommandAnswerRow.at, CommandAnswerRow.answer)):
        found[row.command_id].append(CommandAnswer(**{name: getattr(row, name) for name in OF_ANSWER}))
    return found


def _command(row: DeviceCommandRow, answers: Sequence[CommandAnswer]) -> DeviceCommand:
    return DeviceCommand(
        id=row.id,
        device=row.device,
        site=SiteId(row.site),
        issued=row.issued,
        expires=row.expires,
        until=row.until,
        command=Command(mode=row.mode, power_kw=row.power_kw, target_soc_pct=row.target_soc_pct),
        sent_by=row.sent_by,
        decision_id=row.decision_id,
        answers=tuple(answers),
    )
