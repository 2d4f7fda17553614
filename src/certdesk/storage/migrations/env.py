"""The environment of alembic: it runs the revisions on the given connection and transaction."""

from __future__ import annotations

from alembic import context

from certdesk.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can alter little of a table, so alembic makes a new table and moves the rows.
    render_as_batch=True,
)
context.run_migrations()
