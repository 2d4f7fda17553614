"""Migration of a database to the schema of this version of certdesk."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

log = structlog.get_logger()


class SchemaUnknown(Exception):
    """The database has a schema that this version does not know."""


class SchemaUnreleased(SchemaUnknown):
    """The database was made before the first release, and no release upgrades it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Migration:
    """A migration: the revision `before` it (empty in a new database) and `after` it."""

    before: str
    after: str

    def tell(self) -> None:
        """Log the migration, once it is committed."""
        if not self.before:
            log.info("a new database was made", revision=self.after)
        elif self.before != self.after:
            log.warning(
                "the database was migrated", from_revision=self.before, to_revision=self.after
            )


def _nothing() -> None:
    """Do nothing."""


def migrate(
    connection: Connection,
    *,
    beginning: Callable[[], None] = _nothing,
    changing: Callable[[], None] = _nothing,
) -> Migration:
    """Run the missing revisions, inside the transaction of `connection`.

    The caller commits; until then the schema is the old one. `beginning` is called before an empty
    database gets its tables, and `changing` before the schema of one in use is changed. If they
    raise, nothing is changed.

    Raises:
        SchemaUnknown: a newer version of certdesk has written the database, or one from before the
            first release; nothing is changed.
    """
    script = _script()
    present = set(MigrationContext.configure(connection).get_current_heads())
    _check_known(present, script)
    if present != set(script.get_heads()):
        (changing if present else beginning)()
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Migration(", ".join(sorted(present)), newest_revision())


def _check_known(present: set[str], script: ScriptDirectory) -> None:
    unknown = present - {revision.revision for revision in script.walk_revisions()}
    named = ", ".join(sorted(unknown))
    # Revisions are numbered; those made before the first release have lower numbers.
    if unknown and max(unknown) < min(script.get_bases()):
        raise SchemaUnreleased(
            f"the database is at revision {named}, from before the first release of "
            "certdesk, and no release can upgrade it: begin again in another folder or "
            "database (--data, --database), and keep this one for the version that made it"
        )
    if unknown:
        raise SchemaUnknown(
            f"the database is at revision {named}, which this version of certdesk does not "
            "know: a newer version wrote it"
        )


@functools.cache
def newest_revision() -> str:
    """Return the newest revision, the schema of this version of certdesk."""
    return ", ".join(_script().get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
