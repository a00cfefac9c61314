"""Prices say their currency, None in those from before; and what a made-up tariff told is no longer called published."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = ("prices", "price_versions")
MADE_UP = "source = 'simulated' AND provenance = 'published'"


def upgrade() -> None:
    """Add it, unless an upgrade that broke off has done so already, and name what is made up."""
    for table in TABLES:
        if "currency" not in _columns(table):
            op.add_column(table, sa.Column("currency", sa.String(8), nullable=True))
        op.execute(f"UPDATE {table} SET provenance = 'simulated' WHERE {MADE_UP}")  # noqa: S608 - names of ours


def downgrade() -> None:
    """Drop it; the version before knows no word for what is made up."""
    for table in (*TABLES, "plan_steps", "decisions"):
        op.execute(f"UPDATE {table} SET provenance = 'published' WHERE provenance = 'simulated'")  # noqa: S608 - names of ours
    for table in TABLES:
        if "currency" in _columns(table):
            op.drop_column(table, "currency")


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
