"""Devices, the codes that let them in, and their certificates."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
NAME = sa.String(64)
WORD = sa.String(32)
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_nopad_bin"}


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "devices",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("standing", WORD, nullable=False),
        sa.Column("site", NAME, nullable=True),
        sa.Column("title", NAME, nullable=False),
        sa.Column("gateway", NAME, nullable=True),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("claimed_by", NAME, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "claim_codes",
        sa.Column("sha256", NAME, primary_key=True),
        sa.Column("site", NAME, nullable=False),
        sa.Column("device", NAME, nullable=True),
        sa.Column("created_by", NAME, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("used_by", NAME, nullable=True),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "certificates",
        sa.Column("serial", NAME, primary_key=True),
        sa.Column("device", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index("ix_certificates_device", "certificates", ["device"], if_not_exists=True)


def downgrade() -> None:
    """Drop them."""
    for table in ("certificates", "claim_codes", "devices"):
        op.drop_table(table, if_exists=True)
