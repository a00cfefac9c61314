"""Claim codes and certificates."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.domain.audit import AuditEntry
from app.domain.credential import Certificate, ClaimCode
from app.domain.device import Device
from app.domain.errors import ConflictError
from app.domain.site import HOME, SiteId
from app.storage.audit import append
from app.storage.database import Database
from app.storage.device_models import CertificateRow, ClaimCodeRow, DeviceRow
from app.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class CredentialStore:
    """What lets devices in. A change and its entry in the log are stored together."""

    database: Database

    def offer(self, code: ClaimCode, entry: AuditEntry) -> None:
        """Store a code that was just made."""

        def work(session: Session) -> None:
            session.execute(insert(ClaimCodeRow).values(**asdict(code)))
            append(session, code.site, entry)

        self.database.write(work)

    def code(self, sha256: str) -> ClaimCode | None:
        """Return a code by its hash."""

        def work(session: Session) -> ClaimCode | None:
            row = session.get(ClaimCodeRow, sha256)
            return None if row is None else _code(row)

        return self.database.read(work)

    def enroll(self, code: ClaimCode, device: Device, certificate: Certificate, entry: AuditEntry) -> None:
        """Use a code up: the device is claimed, its earlier certificates end, the new one counts.

        Raises:
            ConflictError: somebody else used it in this very moment.
        """
        now = entry.at

        def work(session: Session) -> None:
            unused = (ClaimCodeRow.sha256 == code.sha256, ClaimCodeRow.used_at.is_(None))
            used = session.execute(
                update(ClaimCodeRow).where(*unused).values(used_at=now, used_by=device.id), execution_options={"synchronize_session": False}
            )
            if not used.rowcount:  # type: ignore[attr-defined]  # an UPDATE counts its rows
                raise ConflictError("this code was used just now")
            upsert(session, DeviceRow, [asdict(device)])
            _revoke(session, device.id, now)
            session.execute(insert(CertificateRow).values(**asdict(certificate)))
            append(session, code.site, entry)

        self.database.write(work)

    def renew(self, certificate: Certificate, site: SiteId, entry: AuditEntry) -> None:
        """Store a further certificate of a device; the one before ends by itself."""

        def work(session: Session) -> None:
            session.execute(insert(CertificateRow).values(**asdict(certificate)))
            append(session, site, entry)

        self.database.write(work)

    def revoke(self, device: Device, entry: AuditEntry) -> None:
        """Shut a device out, with every certificate it has."""

        def work(session: Session) -> None:
            upsert(session, DeviceRow, [asdict(device)])
            _revoke(session, device.id, entry.at)
            append(session, device.site or HOME, entry)

        self.database.write(work)

    def certificate(self, serial: str) -> Certificate | None:
        """Return a certificate by its serial number."""

        def work(session: Session) -> Certificate | None:
            row = session.get(CertificateRow, serial)
            return None if row is None else _certificate(row)

        return self.database.read(work)

    def revoked(self, now: datetime) -> list[Certificate]:
        """Return the certificates that were revoked and would still be good otherwise."""
        asked = select(CertificateRow).where(CertificateRow.revoked_at.is_not(None), CertificateRow.expires_at > now)
        return self.database.read(lambda session: [_certificate(row) for row in session.scalars(asked.order_by(CertificateRow.serial))])


def _revoke(session: Session, device: str, now: datetime) -> None:
    session.execute(
        update(CertificateRow).where(CertificateRow.device == device, CertificateRow.revoked_at.is_(None)).values(revoked_at=now)
    )


def _code(row: ClaimCodeRow) -> ClaimCode:
    return ClaimCode(
        sha256=row.sha256,
        site=SiteId(row.site),
        device=row.device,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        used_by=row.used_by,
    )


def _certificate(row: CertificateRow) -> Certificate:
    return Certificate(
        serial=row.serial,
        device=row.device,
        sha256=row.sha256,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
