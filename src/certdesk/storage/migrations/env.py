"""How alembic runs the revisions: on the connection it is given, in the transaction it is in."""

from __future__ import annotations

from alembic import context

from certdesk.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table; there alembic makes a new one and moves the rows.
    render_as_batch=True,
)
context.run_migrations()
