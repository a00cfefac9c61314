"""The first tables: what was priced, measured, expected, planned, decided, forced, set and done."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
MONEY = sa.Numeric(12, 6)
NAME = sa.String(64)
DIGEST = sa.String(128)
WORD = sa.String(32)
PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}
CLUSTERED = {"prices", "price_versions", "readings", "plan_steps"}
TABLES = (
    *("prices", "price_versions", "price_fetches", "readings", "forecasts", "plans", "plan_steps"),
    *("decisions", "outcomes", "overrides", "settings", "audit", "tokens"),
)


def upgrade() -> None:
    """Create them."""
    for create in (
        _prices,
        _price_versions,
        _price_fetches,
        _readings,
        _forecasts,
        _plans,
        _plan_steps,
        _decisions,
        _outcomes,
        _overrides,
        _settings,
        _audit,
        _tokens,
    ):
        create()


def downgrade() -> None:
    """Drop them, the last first."""
    for table in reversed(TABLES):
        op.drop_table(table, if_exists=True)


def _create(table: str, *parts: Any) -> None:  # noqa: ANN401  columns and constraints
    op.create_table(table, *parts, if_not_exists=True, sqlite_with_rowid=table not in CLUSTERED, **OPTIONS)


def _prices() -> None:
    _create(
        "prices",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("start", INSTANT, primary_key=True),
        sa.Column("direction", WORD, primary_key=True),
        sa.Column("end", INSTANT, nullable=False),
        sa.Column("per_kwh", MONEY, nullable=False),
        sa.Column("provenance", WORD, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _price_versions() -> None:
    _create(
        "price_versions",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("start", INSTANT, primary_key=True),
        sa.Column("direction", WORD, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("end", INSTANT, nullable=False),
        sa.Column("per_kwh", MONEY, nullable=False),
        sa.Column("provenance", WORD, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
    )


def _price_fetches() -> None:
    _create(
        "price_fetches",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("fetched_at", INSTANT, nullable=False),
    )


def _readings() -> None:
    _create(
        "readings",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("quantity", WORD, primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("device", NAME, primary_key=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("quality", WORD, nullable=False),
        sa.Column("source", NAME, nullable=False),
    )
    op.create_index("ix_readings_site_at", "readings", ["site", "at"], if_not_exists=True)


def _forecasts() -> None:
    _create(
        "forecasts",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("kind", WORD, primary_key=True),
        sa.Column("issued_at", INSTANT, primary_key=True),
        sa.Column("source", NAME, primary_key=True),
        sa.Column("runs", PROSE, nullable=False),
        sa.Column("kw", PROSE, nullable=False),
    )
    op.create_index("ix_forecasts_site_issued_at", "forecasts", ["site", "issued_at"], if_not_exists=True)


def _plans() -> None:
    _create(
        "plans",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("id", NAME, primary_key=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("fingerprint", DIGEST, nullable=False),
        sa.Column("start_kwh", sa.Double(), nullable=False),
        sa.Column("end_value_per_kwh", sa.Double(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.Column("gap", sa.Double(), nullable=False),
        sa.Column("solve_s", sa.Double(), nullable=False),
        sa.Column("violations", PROSE, nullable=False),
    )
    op.create_index("ix_plans_site_created_at", "plans", ["site", "created_at"], if_not_exists=True)


def _plan_steps() -> None:
    _create(
        "plan_steps",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("plan_id", NAME, primary_key=True),
        sa.Column("start", INSTANT, primary_key=True),
        sa.Column("end", INSTANT, nullable=False),
        sa.Column("import_per_kwh", sa.Double(), nullable=False),
        sa.Column("export_per_kwh", sa.Double(), nullable=False),
        sa.Column("provenance", WORD, nullable=False),
        sa.Column("price_class", WORD, nullable=False),
        sa.Column("load_kw", sa.Double(), nullable=False),
        sa.Column("solar_kw", sa.Double(), nullable=False),
        sa.Column("curtailed_kw", sa.Double(), nullable=False),
        sa.Column("import_kw", sa.Double(), nullable=False),
        sa.Column("export_kw", sa.Double(), nullable=False),
        sa.Column("charge_kw", sa.Double(), nullable=False),
        sa.Column("discharge_kw", sa.Double(), nullable=False),
        sa.Column("stored_kwh", sa.Double(), nullable=False),
        sa.Column("stored_kwh_value", sa.Double(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["site", "plan_id"], ["plans.site", "plans.id"], name="fk_plan_steps_plan", ondelete="CASCADE"),
    )


def _decisions() -> None:
    _create(
        "decisions",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("id", NAME, primary_key=True),
        sa.Column("plan_id", NAME, nullable=True),
        sa.Column("slot_start", INSTANT, nullable=False),
        sa.Column("slot_end", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("mode", WORD, nullable=False),
        sa.Column("power_kw", sa.Double(), nullable=True),
        sa.Column("target_soc_pct", sa.Double(), nullable=True),
        sa.Column("label", NAME, nullable=False),
        sa.Column("discharge_current_a", sa.Double(), nullable=False),
        sa.Column("reason_code", WORD, nullable=False),
        sa.Column("reason", PROSE, nullable=False),
        sa.Column("plan_source", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("expected_soc_pct", sa.Double(), nullable=True),
        sa.Column("stored_kwh_value", sa.Double(), nullable=True),
        sa.Column("import_per_kwh", sa.Double(), nullable=True),
        sa.Column("export_per_kwh", sa.Double(), nullable=True),
        sa.Column("price_class", WORD, nullable=True),
        sa.Column("provenance", WORD, nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("alternatives", PROSE, nullable=False),
        sa.Column("cause", PROSE, nullable=True),
        sa.Column("fingerprint", DIGEST, nullable=False),
    )
    op.create_index("ix_decisions_site_decided_at", "decisions", ["site", "decided_at"], if_not_exists=True)
    op.create_index("ix_decisions_site_slot_start", "decisions", ["site", "slot_start"], if_not_exists=True)


def _outcomes() -> None:
    _create(
        "outcomes",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("decision_id", NAME, primary_key=True),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("status", WORD, primary_key=True),
        sa.Column("reported_by", NAME, primary_key=True),
        sa.Column("mode_read_back", NAME, nullable=True),
        sa.Column("battery_kw", sa.Double(), nullable=True),
        sa.Column("soc_pct", sa.Double(), nullable=True),
        sa.Column("detail", PROSE, nullable=True),
        sa.ForeignKeyConstraint(
            ["site", "decision_id"], ["decisions.site", "decisions.id"], name="fk_outcomes_decision", ondelete="CASCADE"
        ),
    )


def _overrides() -> None:
    _create(
        "overrides",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("start", INSTANT, primary_key=True),
        sa.Column("end", INSTANT, nullable=False),
        sa.Column("mode", WORD, nullable=False),
        sa.Column("power_kw", sa.Double(), nullable=True),
        sa.Column("target_soc_pct", sa.Double(), nullable=True),
        sa.Column("set_by", NAME, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("note", PROSE, nullable=True),
    )


def _settings() -> None:
    _create(
        "settings",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("value", PROSE, nullable=False),
        sa.Column("set_by", NAME, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
    )


def _audit() -> None:
    _create(
        "audit",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("site", NAME, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("subject", PROSE, nullable=False),
        sa.Column("detail", PROSE, nullable=False),
    )
    op.create_index("ix_audit_site_at", "audit", ["site", "at"], if_not_exists=True)


def _tokens() -> None:
    _create(
        "tokens",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("role", WORD, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.UniqueConstraint("site", "sha256", name="uq_tokens_site_sha256"),
    )
