"""Settled slots keep the capacity of the battery they were settled with; those from before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add it, unless an upgrade that broke off has done so already."""
    if "capacity_kwh" not in _columns():
        op.add_column("ledger", sa.Column("capacity_kwh", sa.Double(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    if "capacity_kwh" in _columns():
        op.drop_column("ledger", "capacity_kwh")


def _columns() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns("ledger")}
