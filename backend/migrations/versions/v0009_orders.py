"""Decisions keep their orders, outcomes what they prove of which asset's; those from before have one order, the battery's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"

PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
ADDED = (("decisions", "orders", PROSE), ("outcomes", "asset", sa.String(64)), ("outcomes", "evidence", sa.String(32)))


def upgrade() -> None:
    """Add them, unless an upgrade that broke off has done so already."""
    for table, name, kind in ADDED:
        if name not in _columns(table):
            op.add_column(table, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Drop them."""
    for table, name, _ in ADDED:
        if name in _columns(table):
            op.drop_column(table, name)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
