"""Plans keep what every asset does: the battery's wear beside its flows, what other assets do in one cell; earlier ones have neither."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"

PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
ADDED = (("plans", "traces", PROSE), ("plan_steps", "wear", sa.Double()))


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
