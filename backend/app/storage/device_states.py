"""The newest state of each device: its last sample, its status, and how far its log is acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.domain.dongle import DeviceState, DongleStatus
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

    def save_acked(self, acked: Mapping[str, int]) -> None:
        """Keep how far each log is acknowledged."""
        rows = [{"device": device, "acked_seq": acked[device]} for device in sorted(acked)]
        if rows:
            self.database.write(lambda session: update_some(session, DeviceStateRow, rows))

    def acked(self) -> dict[str, int]:
        """Return the record of each log below which nothing is to come: acknowledged, or gone by the device's own word."""
        asked = select(DeviceStateRow.device, DeviceStateRow.acked_seq, DeviceStateRow.oldest_seq)
        found = self.database.read(lambda session: session.execute(asked).all())
        known = {row.device: [seq for seq in (row.acked_seq, row.oldest_seq) if seq is not None] for row in found}
        return {device: max(seqs) for device, seqs in known.items() if seqs}

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


def _sample(row: DeviceStateRow) -> Sample | None:
    if row.at is None or row.span_s is None:
        return None
    return Sample(**{name: getattr(row, name) for name in NAMES})


def _status(row: DeviceStateRow) -> DongleStatus | None:
    heard_at: datetime | None = row.status_at
    if heard_at is None:
        return None
    return DongleStatus(device=row.device, online=bool(row.online), heard_at=heard_at, oldest_seq=row.oldest_seq, said=row.status or {})
