"""Run by Alembic. The connection comes with a transaction and the lock: see ``migrate.py``."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
