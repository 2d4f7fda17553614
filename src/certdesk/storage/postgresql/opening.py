"""Checks of a PostgreSQL database when it is opened, before anything is created in it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import ArgumentError, DBAPIError

from certdesk.domain.values.secret_urls import without_secrets
from certdesk.ports import StoreUnavailable
from certdesk.storage.postgresql.pool import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from certdesk.storage.postgresql.pool import Pool

OUR_TABLES = ("access_keys", "alembic_version", "commits")

_SESSION = "SELECT pg_backend_pid()"
_SCHEMAS = """
SELECT schemaname FROM pg_tables WHERE tablename = ANY(%(tables)s)
 GROUP BY schemaname HAVING count(*) = %(number)s ORDER BY schemaname
"""


@contextlib.contextmanager
def worded(url: str) -> Iterator[None]:
    """Convert an error at opening into a message for the operator, without the password."""
    try:
        yield
    except DBAPIError as error:
        shown = without_secrets(url)
        raise StoreUnavailable(f"{shown} cannot be opened: {words(error)}") from error
    except ImportError as error:
        raise StoreUnavailable(f"the database cannot be opened: {error}") from error
    except (ValueError, ArgumentError):
        # Their texts quote what they could not read, which may be a part of the password.
        raise StoreUnavailable(
            "the database cannot be opened: its URL cannot be read; in a password, write / as %2F"
        ) from None


def check_sessions(one: Pool, other: Pool) -> None:
    """Refuse a pooler that does not keep one session of the server for each connection.

    It would lose a session's settings, and could run a statement in another's transaction.

    Raises:
        StoreUnavailable: the text says what to set.
    """
    with one.connection() as first, other.connection() as second:
        before = _session(first)
        second.exec_driver_sql("BEGIN")
        # While the other connection is in a transaction, this one must have another session.
        if _session(second) == before or _session(first) != before:
            raise StoreUnavailable(
                "the pooler in front of PostgreSQL lends sessions for one transaction or "
                "one statement: set pool_mode = session"
            )


def check_schema(connection: Connection) -> None:
    """Refuse to begin a desk in one schema if the server's search path leads to one in another.

    Raises:
        StoreUnavailable: the text says how to name a schema in the URL.
    """
    asked = {"tables": list(OUR_TABLES), "number": len(OUR_TABLES)}
    schemas = [name for (name,) in connection.exec_driver_sql(_SCHEMAS, asked)]
    (here,) = connection.exec_driver_sql("SELECT current_schema()").one()
    if schemas and here not in schemas:
        raise StoreUnavailable(
            f"the schema {schemas[0]} of this database has a desk, and {here} has none: name "
            f"the schema in the URL, ?options=-csearch_path%3D{schemas[0]}"
        )


def _session(connection: Connection) -> object:
    return connection.exec_driver_sql(_SESSION).scalar_one()
