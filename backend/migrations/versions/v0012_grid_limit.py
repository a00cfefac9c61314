"""A decision may be there to keep a limit of the connection; no column changes, only a word is new."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Leave everything as it is."""


def downgrade() -> None:
    """Say it with a word that the version before knows."""
    op.execute("UPDATE decisions SET reason_code = 'serve_load' WHERE reason_code = 'grid_limit'")
