"""Alembic runs this: migrations happen on the connection that ``Ledger.migrate`` opened, inside its transaction."""

from alembic import context

from activities.ledger_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can, although Alembic does not assume it
)
with context.begin_transaction():
    context.run_migrations()
