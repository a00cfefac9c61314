"""The tables of devices: what they measured, what they were told, who may come in. They are parts of the same schema as the house's."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.device import DeviceStanding
from app.domain.dongle import Answer
from app.domain.site import Mode
from app.domain.telemetry import DongleState
from app.storage.columns import Name, Second
from app.storage.table import CLUSTERED, OPTIONS, SHA256_LENGTH, Base, Key, KeyInstant, KeySecond, Named, Prose, Structure


class Measured:
    """The columns of what a device measures; what it did not measure is empty."""

    soc_pct: Mapped[float | None]
    battery_kw: Mapped[float | None]
    battery_voltage_v: Mapped[float | None]
    battery_current_a: Mapped[float | None]
    battery_temperature_c: Mapped[float | None]
    grid_kw: Mapped[float | None]
    solar_kw: Mapped[float | None]
    load_kw: Mapped[float | None]


class TelemetryRow(Measured, Base):
    """A sample as sent. On MariaDB the table is cut into days, so that a day is forgotten at once."""

    __tablename__ = "telemetry"
    __table_args__ = (Index("ix_telemetry_device_seq", "device", "seq"), CLUSTERED)

    device: Mapped[Key]
    at: Mapped[KeySecond]
    span_s: Mapped[int]
    seq: Mapped[int | None] = mapped_column(BigInteger())
    setpoint_kw: Mapped[float | None]
    state: Mapped[DongleState | None]
    received_at: Mapped[datetime]


class RolledRow(Measured, Base):
    """The means of five minutes of a device."""

    __tablename__ = "telemetry_5min"
    __table_args__ = (Index("ix_telemetry_5min_start", "start"), CLUSTERED)

    device: Mapped[Key]
    start: Mapped[KeySecond]
    covered_s: Mapped[float]


class RollupDueRow(Base):
    """Five minutes of a device that something new was measured in. Written with the sample, deleted with the means."""

    __tablename__ = "telemetry_due"
    __table_args__ = CLUSTERED

    start: Mapped[KeySecond]
    device: Mapped[Key]


class DeviceStateRow(Measured, Base):
    """The newest sample of a device, its newest status, and how far its log is acknowledged."""

    __tablename__ = "device_states"

    device: Mapped[Key]
    at: Mapped[datetime | None] = mapped_column(Second())
    span_s: Mapped[int | None]
    seq: Mapped[int | None] = mapped_column(BigInteger())
    setpoint_kw: Mapped[float | None]
    state: Mapped[DongleState | None]
    received_at: Mapped[datetime | None]
    online: Mapped[bool | None]
    status_at: Mapped[datetime | None]
    oldest_seq: Mapped[int | None] = mapped_column(BigInteger())
    status: Mapped[Structure | None]
    acked_seq: Mapped[int | None] = mapped_column(BigInteger())


class DeviceCommandRow(Base):
    """A command as sent to a device."""

    __tablename__ = "device_commands"
    __table_args__ = (Index("ix_device_commands_device_issued", "device", "issued"), OPTIONS)

    device: Mapped[Key]
    id: Mapped[Key]
    site: Mapped[Named]
    issued: Mapped[datetime]
    expires: Mapped[datetime]
    until: Mapped[datetime]
    mode: Mapped[Mode]
    power_kw: Mapped[float | None]
    target_soc_pct: Mapped[float | None]
    sent_by: Mapped[Named]
    decision_id: Mapped[Named | None]


class CommandAnswerRow(Base):
    """What a device answered to a command. The same answer is kept once."""

    __tablename__ = "command_answers"

    device: Mapped[Key]
    command_id: Mapped[Key]
    at: Mapped[KeyInstant]
    answer: Mapped[Answer] = mapped_column(primary_key=True)
    reason: Mapped[Prose | None]
    mode: Mapped[Mode | None]
    battery_kw: Mapped[float | None]
    soc_pct: Mapped[float | None]


class DeviceRow(Base):
    """A device that was ever heard of or claimed. It is never forgotten, so that one shut out stays out."""

    __tablename__ = "devices"

    id: Mapped[Key]
    standing: Mapped[DeviceStanding]
    site: Mapped[Named | None]
    title: Mapped[Named]
    gateway: Mapped[Named | None]
    first_seen: Mapped[datetime]
    claimed_by: Mapped[Named | None]
    claimed_at: Mapped[datetime | None]


class ClaimCodeRow(Base):
    """A code that lets one device in once, by its hash only."""

    __tablename__ = "claim_codes"

    sha256: Mapped[str] = mapped_column(Name(SHA256_LENGTH), primary_key=True)
    site: Mapped[Named]
    device: Mapped[Named | None]
    created_by: Mapped[Named]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[Named | None]


class CertificateRow(Base):
    """A certificate that was given to a device."""

    __tablename__ = "certificates"
    __table_args__ = (Index("ix_certificates_device", "device"), OPTIONS)

    serial: Mapped[Key]
    """In hexadecimal."""
    device: Mapped[Named]
    sha256: Mapped[str] = mapped_column(Name(SHA256_LENGTH))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
