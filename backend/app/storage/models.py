"""The tables of what is known, planned and told: prices, readings, forecasts, plans, decisions, overrides."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.decision import OutcomeStatus, ReasonCode
from app.domain.forecast import ForecastKind
from app.domain.order import Evidence
from app.domain.plan import PlanSource, PlanStatus
from app.domain.price import Direction, PriceClass, Provenance
from app.domain.reading import Quality, Quantity
from app.domain.site import Mode
from app.storage.columns import Json, Name
from app.storage.table import (
    CLUSTERED,
    CURRENCY_LENGTH,
    OPTIONS,
    Base,
    Digest,
    Key,
    KeyInstant,
    Named,
    PerKwh,
    Prose,
    Structure,
)


class PriceRow(Base):
    """The price that holds now for a slot; `version` counts the ones before it."""

    __tablename__ = "prices"
    __table_args__ = CLUSTERED

    site: Mapped[Key]
    start: Mapped[KeyInstant]
    direction: Mapped[Direction] = mapped_column(primary_key=True)
    end: Mapped[datetime]
    per_kwh: Mapped[PerKwh]
    provenance: Mapped[Provenance]
    source: Mapped[Named]
    currency: Mapped[str | None] = mapped_column(Name(CURRENCY_LENGTH))
    """None for a price from before this column: the house's."""
    fetched_at: Mapped[datetime]
    version: Mapped[int]


class PriceVersionRow(Base):
    """A price that no longer holds. Only ever added."""

    __tablename__ = "price_versions"
    __table_args__ = CLUSTERED

    site: Mapped[Key]
    start: Mapped[KeyInstant]
    direction: Mapped[Direction] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end: Mapped[datetime]
    per_kwh: Mapped[PerKwh]
    provenance: Mapped[Provenance]
    source: Mapped[Named]
    currency: Mapped[str | None] = mapped_column(Name(CURRENCY_LENGTH))
    fetched_at: Mapped[datetime]
    replaced_at: Mapped[datetime]


class PriceFetchRow(Base):
    """When a site's prices were stored last; whoever stores prices locks it first."""

    __tablename__ = "price_fetches"

    site: Mapped[Key]
    fetched_at: Mapped[datetime]


class ReadingRow(Base):
    """A measured value. The key answers "the newest of this quantity"; the index lets old ones be deleted."""

    __tablename__ = "readings"
    __table_args__ = (Index("ix_readings_site_at", "site", "at"), CLUSTERED)

    site: Mapped[Key]
    quantity: Mapped[Quantity] = mapped_column(primary_key=True)
    at: Mapped[KeyInstant]
    device: Mapped[Key]
    value: Mapped[float | None]
    quality: Mapped[Quality]
    source: Mapped[Named]


class ForecastRow(Base):
    """A forecast as issued, its values in one cell: they are only ever read together."""

    __tablename__ = "forecasts"
    __table_args__ = (Index("ix_forecasts_site_issued_at", "site", "issued_at"), OPTIONS)

    site: Mapped[Key]
    kind: Mapped[ForecastKind] = mapped_column(primary_key=True)
    issued_at: Mapped[KeyInstant]
    source: Mapped[Key]
    runs: Mapped[Structure]
    """The slots as runs of equal length: [[start in µs since the epoch, length in µs, how many], …]."""
    kw: Mapped[Structure]
    spread: Mapped[Any] = mapped_column(Json(), nullable=True)
    """The low and the high powers, where there are any: [[…], […]]."""


class PlanRow(Base):
    """A plan as made."""

    __tablename__ = "plans"
    __table_args__ = (Index("ix_plans_site_created_at", "site", "created_at"), OPTIONS)

    site: Mapped[Key]
    id: Mapped[Key]
    created_at: Mapped[datetime]
    source: Mapped[PlanSource]
    status: Mapped[PlanStatus]
    fingerprint: Mapped[Digest]
    start_kwh: Mapped[float]
    end_value_per_kwh: Mapped[float]
    cost: Mapped[float]
    gap: Mapped[float]
    solve_s: Mapped[float]
    violations: Mapped[Structure]
    traces: Mapped[Structure | None]
    """What assets beside array and battery do; None where there is none."""
    steps: Mapped[list["PlanStepRow"]] = relationship(lazy="selectin", order_by="PlanStepRow.start", viewonly=True)


class PlanStepRow(Base):
    """One slot of a plan. Its prices are what the solver was given, hence DOUBLE; the billed ones are in `prices`."""

    __tablename__ = "plan_steps"
    __table_args__ = (
        ForeignKeyConstraint(["site", "plan_id"], ["plans.site", "plans.id"], name="fk_plan_steps_plan", ondelete="CASCADE"),
        CLUSTERED,
    )

    site: Mapped[Key]
    plan_id: Mapped[Key]
    start: Mapped[KeyInstant]
    end: Mapped[datetime]
    import_per_kwh: Mapped[float]
    export_per_kwh: Mapped[float]
    provenance: Mapped[Provenance]
    price_class: Mapped[PriceClass]
    load_kw: Mapped[float]
    solar_kw: Mapped[float]
    curtailed_kw: Mapped[float]
    import_kw: Mapped[float]
    export_kw: Mapped[float]
    charge_kw: Mapped[float]
    discharge_kw: Mapped[float]
    stored_kwh: Mapped[float]
    stored_kwh_value: Mapped[float]
    wear: Mapped[float | None]
    """The battery's, a part of the cost; None of a plan from before it was kept."""
    cost: Mapped[float]


class DecisionRow(Base):
    """A decision as made. Its plan may be gone: decisions are kept longer, so `plan_id` is no foreign key."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_site_slot_start", "site", "slot_start"),
        Index("ix_decisions_site_decided_at", "site", "decided_at"),
        OPTIONS,
    )

    site: Mapped[Key]
    id: Mapped[Key]
    plan_id: Mapped[Named | None]
    slot_start: Mapped[datetime]
    slot_end: Mapped[datetime]
    decided_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    mode: Mapped[Mode]
    power_kw: Mapped[float | None]
    target_soc_pct: Mapped[float | None]
    label: Mapped[Named]
    discharge_current_a: Mapped[float]
    reason_code: Mapped[ReasonCode]
    reason: Mapped[Prose]
    plan_source: Mapped[PlanSource]
    status: Mapped[PlanStatus]
    expected_soc_pct: Mapped[float | None]
    stored_kwh_value: Mapped[float | None]
    import_per_kwh: Mapped[float | None]
    export_per_kwh: Mapped[float | None]
    price_class: Mapped[PriceClass | None]
    provenance: Mapped[Provenance]
    currency: Mapped[str] = mapped_column(Name(CURRENCY_LENGTH))
    orders: Mapped[Structure | None]
    """Every asset's; the columns above say the battery's, as does None of a decision from before."""
    alternatives: Mapped[Structure]
    explanation: Mapped[Structure | None]
    cause: Mapped[Prose | None]
    fingerprint: Mapped[Digest]
    outcomes: Mapped[list["OutcomeRow"]] = relationship(lazy="selectin", order_by="OutcomeRow.at, OutcomeRow.status", viewonly=True)


class OutcomeRow(Base):
    """What an executor reported. In order of words, `commanded` stands before what became of it."""

    __tablename__ = "outcomes"
    __table_args__ = (
        ForeignKeyConstraint(["site", "decision_id"], ["decisions.site", "decisions.id"], name="fk_outcomes_decision", ondelete="CASCADE"),
        OPTIONS,
    )

    site: Mapped[Key]
    decision_id: Mapped[Key]
    at: Mapped[KeyInstant]
    status: Mapped[OutcomeStatus] = mapped_column(primary_key=True)
    reported_by: Mapped[Key]
    mode_read_back: Mapped[Named | None]
    battery_kw: Mapped[float | None]
    soc_pct: Mapped[float | None]
    detail: Mapped[Prose | None]
    asset: Mapped[Named | None]
    evidence: Mapped[Evidence | None]


class OverrideRow(Base):
    """What a person forced."""

    __tablename__ = "overrides"

    site: Mapped[Key]
    start: Mapped[KeyInstant]
    end: Mapped[datetime]
    mode: Mapped[Mode]
    power_kw: Mapped[float | None]
    target_soc_pct: Mapped[float | None]
    set_by: Mapped[Named]
    set_at: Mapped[datetime]
    note: Mapped[Prose | None]
