"""The secrets of houses, encrypted."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0011"
down_revision = "0010"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
NAME = sa.String(64)
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "secrets",
        sa.Column("site", NAME, primary_key=True),
        sa.Column("name", NAME, primary_key=True),
        sa.Column("sealed", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=False),
        sa.Column("set_by", NAME, nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        if_not_exists=True,
        **OPTIONS,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("secrets", if_exists=True)
