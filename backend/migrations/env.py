"""Run by Alembic, which `app.storage.database.upgrade` hands an open connection."""

from alembic import context

from app.storage import device_models  # noqa: F401  (its tables are in the schema once it is read)
from app.storage.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
