"""Decisions get the numbers they rest on, in one cell; decisions from before have none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    """Add it, unless an upgrade that broke off has done so already."""
    if "explanation" not in _columns():
        op.add_column("decisions", sa.Column("explanation", PROSE, nullable=True))


def downgrade() -> None:
    """Drop it."""
    if "explanation" in _columns():
        op.drop_column("decisions", "explanation")


def _columns() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("decisions")}
