"""Migration of a database to the schema of this version of certdesk."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
import structlog

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

VERSIONS = Path(__file__).with_name("migrations") / "versions"
VERSION_TABLE = "alembic_version"

log = structlog.get_logger()


class SchemaUnknown(Exception):
    """The database has a schema that this version does not know."""


class SchemaUnreleased(SchemaUnknown):
    """The database was made before the first release, and no release upgrades it."""


class Migration(Record):
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
    present = _present(connection)
    _check_known(present)
    if present != {newest_revision()}:
        (changing if present else beginning)()
        _upgrade(connection)
    return Migration(", ".join(sorted(present)), newest_revision())


def _present(connection: Connection) -> set[str]:
    """Return the revision of the database, if it has one; alembic's table may hold several."""
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return set()
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
    return set(rows.scalars())


def _check_known(present: Collection[str]) -> None:
    known = revisions()
    unknown = set(present).difference(known)
    named = ", ".join(sorted(unknown))
    # Revisions are numbered; those made before the first release have lower numbers.
    if unknown and max(unknown) < known[0]:
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
def revisions() -> tuple[str, ...]:
    """Return all revisions, oldest first: the names of their files begin with them."""
    return tuple(sorted(file.stem.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py")))


def newest_revision() -> str:
    """Return the newest revision, the schema of this version of certdesk."""
    return revisions()[-1]


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a start that migrates nothing need not wait for it
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
