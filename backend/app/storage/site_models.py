"""The tables of a house's books and of who may what: ledger, settings, secrets, audit, tokens."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.access import Role
from app.domain.ledger import Intent, SlotStatus
from app.domain.plan import PlanSource
from app.domain.site import Mode
from app.storage.columns import Name
from app.storage.table import (
    CLUSTERED,
    OPTIONS,
    SHA256_LENGTH,
    Base,
    Key,
    KeyInstant,
    Named,
    Prose,
    Structure,
)


class LedgerRow(Base):
    """A past slot as settled. Only ever added; the highest version holds. Money is computed, hence DOUBLE."""

    __tablename__ = "ledger"
    __table_args__ = CLUSTERED

    site: Mapped[Key]
    start: Mapped[KeyInstant]
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end: Mapped[datetime]
    settled_at: Mapped[datetime]
    status: Mapped[SlotStatus]
    reason: Mapped[Prose | None]
    import_per_kwh: Mapped[float | None]
    export_per_kwh: Mapped[float | None]
    solar_kwh: Mapped[float | None]
    load_kwh: Mapped[float | None]
    import_kwh: Mapped[float | None]
    export_kwh: Mapped[float | None]
    charge_kwh: Mapped[float | None]
    discharge_kwh: Mapped[float | None]
    derived: Mapped[Structure]
    residual_kwh: Mapped[float | None]
    anomaly: Mapped[Prose | None]
    solar_to_home_kwh: Mapped[float | None]
    solar_to_battery_kwh: Mapped[float | None]
    solar_to_grid_kwh: Mapped[float | None]
    grid_to_home_kwh: Mapped[float | None]
    grid_to_battery_kwh: Mapped[float | None]
    battery_to_home_kwh: Mapped[float | None]
    battery_to_grid_kwh: Mapped[float | None]
    intent: Mapped[Intent | None]
    cost: Mapped[float | None]
    wear: Mapped[float | None]
    capacity_kwh: Mapped[float | None]
    stored_start_kwh: Mapped[float | None]
    stored_end_kwh: Mapped[float | None]
    baselines: Mapped[Structure]
    """The slot under each baseline, as a list of objects in the words of `CaseSlot`."""
    mode: Mapped[Mode | None]
    plan_source: Mapped[PlanSource | None]


class SettingRow(Base):
    """One version of a group of settings. Only ever added; the highest version holds."""

    __tablename__ = "settings"

    site: Mapped[Key]
    name: Mapped[Key]
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[Structure]
    set_by: Mapped[Named]
    set_at: Mapped[datetime]


class SecretRow(Base):
    """A secret of a house, encrypted."""

    __tablename__ = "secrets"

    site: Mapped[Key]
    name: Mapped[Key]
    sealed: Mapped[Prose]
    set_by: Mapped[Named]
    set_at: Mapped[datetime]


class AuditRow(Base):
    """One entry of the log. The id keeps the order of entries of one instant."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_site_at", "site", "at"), OPTIONS)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    site: Mapped[Named]
    at: Mapped[datetime]
    actor: Mapped[Named]
    action: Mapped[Named]
    subject: Mapped[Prose]
    detail: Mapped[Prose]


class TokenRow(Base):
    """A token by its hash. A name is never used twice, so that the log stays clear."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("site", "sha256", name="uq_tokens_site_sha256"), OPTIONS)

    site: Mapped[Key]
    name: Mapped[Key]
    role: Mapped[Role]
    sha256: Mapped[str] = mapped_column(Name(SHA256_LENGTH))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
