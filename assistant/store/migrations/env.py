"""Configures Alembic to run the migrations on the connection that `Store` provides."""

from alembic import context

from assistant.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # needed for SQLite, where Alembic changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
