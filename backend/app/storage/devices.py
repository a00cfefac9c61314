"""The registry of devices."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.device import Device, unclaimed
from app.domain.site import HOME, SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.device_models import DeviceRow
from app.storage.upsert import insert_once, upsert


@dataclass(frozen=True, slots=True)
class DeviceStore:
    """Every device that was ever heard of, whoever it belongs to."""

    database: Database

    def all(self) -> list[Device]:
        """Return every device, by id."""
        return self.database.read(lambda session: [_device(row) for row in session.scalars(select(DeviceRow).order_by(DeviceRow.id))])

    def get(self, device: str) -> Device | None:
        """Return a device; None when it was never heard of."""

        def work(session: Session) -> Device | None:
            row = session.get(DeviceRow, device)
            return None if row is None else _device(row)

        return self.database.read(work)

    def note(self, device: str, now: datetime) -> None:
        """Note a device that is heard for the first time as unclaimed; one that is known stays as it is."""
        self.database.write(lambda session: insert_once(session, DeviceRow, [asdict(unclaimed(device, now))]))

    def put(self, device: Device, entry: AuditEntry) -> None:
        """Store a device as it is now, and who made it so."""

        def work(session: Session) -> None:
            upsert(session, DeviceRow, [asdict(device)])
            append(session, device.site or HOME, entry)

        self.database.write(work)


def _device(row: DeviceRow) -> Device:
    return Device(
        id=row.id,
        standing=row.standing,
        site=None if row.site is None else SiteId(row.site),
        title=row.title,
        gateway=row.gateway,
        first_seen=row.first_seen,
        claimed_by=row.claimed_by,
        claimed_at=row.claimed_at,
    )
