"""Brings a database to the schema of this version of certdesk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SchemaUnknown(Exception):
    """The database has a schema that this version does not know."""


def migrate(connection: Connection) -> None:
    """Run the revisions that are missing, inside the transaction that `connection` is in.

    The caller commits: the schema is then new as a whole, and otherwise still the old one.

    Raises:
        SchemaUnknown: a newer version of certdesk has written the database; nothing is changed.
    """
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if present - known:
        raise SchemaUnknown(
            f"the database is at revision {', '.join(sorted(present - known))}, which this "
            "version of certdesk does not know: a newer one has written it"
        )
    if present != set(script.get_heads()):
        command.upgrade(config, "head")
