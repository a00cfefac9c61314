"""Run by Alembic, which `app.storage.database.upgrade` hands an open connection."""

from alembic import context

from app.storage.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
