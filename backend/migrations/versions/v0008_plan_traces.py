"""Plans keep what every asset does, in one cell; those from before say it of the battery and the array in their steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"

PROSE = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    """Add it, unless an upgrade that broke off has done so already."""
    if "traces" not in _columns():
        op.add_column("plans", sa.Column("traces", PROSE, nullable=True))


def downgrade() -> None:
    """Drop it."""
    if "traces" in _columns():
        op.drop_column("plans", "traces")


def _columns() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("plans")}
