"""Forecasts get a spread: the low and high powers, in one cell; forecasts from before have none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    """Add it, unless an upgrade that broke off has done so already."""
    if "spread" not in _columns():
        op.add_column("forecasts", sa.Column("spread", PROSE, nullable=True))


def downgrade() -> None:
    """Drop it."""
    if "spread" in _columns():
        op.drop_column("forecasts", "spread")


def _columns() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("forecasts")}
