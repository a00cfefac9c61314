"""The ledger: past slots as settled, every version."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
NAME = sa.String(64)
WORD = sa.String(32)
PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "ledger",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("start", INSTANT, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("end", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("reason", PROSE, nullable=True),
        *_numbers("import_per_kwh", "export_per_kwh"),
        *_numbers("solar_kwh", "load_kwh", "import_kwh", "export_kwh", "charge_kwh", "discharge_kwh"),
        sa.Column("derived", PROSE, nullable=False),
        *_numbers("residual_kwh"),
        sa.Column("anomaly", PROSE, nullable=True),
        *_numbers("solar_to_home_kwh", "solar_to_battery_kwh", "solar_to_grid_kwh"),
        *_numbers("grid_to_home_kwh", "grid_to_battery_kwh", "battery_to_home_kwh", "battery_to_grid_kwh"),
        sa.Column("intent", WORD, nullable=True),
        *_numbers("cost", "wear", "stored_start_kwh", "stored_end_kwh"),
        sa.Column("baselines", PROSE, nullable=False),
        sa.Column("mode", WORD, nullable=True),
        sa.Column("plan_source", WORD, nullable=True),
        if_not_exists=True,
        sqlite_with_rowid=False,
        **OPTIONS,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("ledger", if_exists=True)


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double(), nullable=True) for name in names]
