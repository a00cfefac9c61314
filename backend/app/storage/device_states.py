"""The newest state of each device: its last sample, its status, and how far its log is acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.domain.dongle import DeviceState, DongleStatus, LogProgress
from app.domain.telemetry import Sample
from app.storage.database import Database
from app.storage.device_models import DeviceStateRow
from app.storage.telemetry import NAMES
from app.storage.upsert import update_some


@dataclass(frozen=True, slots=True)
class DeviceStateStore:
    """One row per device; `TelemetryStore` writes the sample's part of it."""

    database: Database

    def save_status(self, statuses: Sequence[DongleStatus]) -> None:
        """Keep the newest status of each device."""
        newest = {status.device: status for status in statuses}
        rows = [
            {
                "device": status.device,
                "online": status.online,
                "status_at": status.heard_at,
                "oldest_seq": status.oldest_seq,
                "status": dict(status.said),
            }
            for status in sorted(newest.values(), key=lambda each: each.device)
        ]
        if rows:
            self.database.write(lambda session: update_some(session, DeviceStateRow, rows))

    def save_acked(self, acked: Mapping[str, int | None]) -> None:
        """Keep how far each log is acknowledged; None: nothing of it yet."""
        rows = [{"device": device, "acked_seq": acked[device]} for device in sorted(acked)]
        if rows:
            self.database.write(lambda session: update_some(session, DeviceStateRow, rows))

    def logs(self) -> dict[str, LogProgress]:
        """Return how far each log is: below it all is acknowledged, or gone by the device's own word."""
        return {state.device: _progress(state) for state in self.everybody()}

    def get(self, device: str) -> DeviceState | None:
        """Return the state of a device; None when nothing was ever heard of it."""
        return next(iter(self.of([device])), None)

    def of(self, devices: Sequence[str]) -> list[DeviceState]:
        """Return the states of devices, by name."""
        asked = select(DeviceStateRow).where(DeviceStateRow.device.in_(devices)).order_by(DeviceStateRow.device)
        return self.database.read(lambda session: [_state(row) for row in session.scalars(asked)]) if devices else []

    def everybody(self) -> list[DeviceState]:
        """Return the state of every device ever heard, by name."""
        asked = select(DeviceStateRow).order_by(DeviceStateRow.device)
        return self.database.read(lambda session: [_state(row) for row in session.scalars(asked)])


def _state(row: DeviceStateRow) -> DeviceState:
    return DeviceState(
        device=row.device,
        sample=_sample(row),
        received_at=row.received_at,
        status=_status(row),
        acked_seq=row.acked_seq,
    )


def _progress(state: DeviceState) -> LogProgress:
    status, oldest_seq = state.status, None if state.status is None else state.status.oldest_seq
    upto = max((seq for seq in (state.acked_seq, oldest_seq) if seq is not None), default=None)
    return LogProgress(upto=upto, acked=upto, status=None if status is None or status.next_seq is None else status)


def _sample(row: DeviceStateRow) -> Sample | None:
    if row.at is None or row.span_s is None:
        return None
    return Sample(**{name: getattr(row, name) for name in NAMES})


def _status(row: DeviceStateRow) -> DongleStatus | None:
    heard_at: datetime | None = row.status_at
    if heard_at is None:
        return None
    return DongleStatus(device=row.device, online=bool(row.online), heard_at=heard_at, oldest_seq=row.oldest_seq, said=row.status or {})
