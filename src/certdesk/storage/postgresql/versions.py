"""Checks that all processes that use a database know its schema.

Each session is named after the schema that its process knows. A database is not migrated while a
session with another name uses it, and a commit that finds another schema fails.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from certdesk.ports import StoreUnavailable
from certdesk.storage.migrate import newest_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

PROGRAM = "certdesk"
LONGEST = 40
"""The most characters used of the operator's own session name; PostgreSQL keeps 63 in all."""

PATIENCE_SECONDS = 5.0
"""How long to wait for sessions that are about to end."""

PAUSE_SECONDS = 0.1

_OTHERS = """
SELECT count(*), min(coalesce(host(client_addr), 'this machine')) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
 AND application_name ~ %(ours)s AND right(application_name, length(%(own)s)) <> %(own)s
"""


def session_name(given: str) -> str:
    """Return a session's name, which shows other processes which schema this one knows."""
    own = f"{PROGRAM} {newest_revision()}"
    return own if given == PROGRAM else f"{given[:LONGEST]} {own}"


def check_nobody_else(connection: Connection) -> None:
    """Refuse to migrate a database that a process of another version uses.

    Raises:
        StoreUnavailable: it does, and the text says what to do.
    """
    asked = {
        "ours": rf"(^| ){PROGRAM} \S+$",
        "own": f"{PROGRAM} {newest_revision()}",
    }
    latest = time.monotonic() + PATIENCE_SECONDS
    while True:
        connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
        sessions, host = connection.exec_driver_sql(_OTHERS, asked).one()
        if not sessions:
            return
        if time.monotonic() > latest:
            raise StoreUnavailable(
                f"certdesk of another version uses the database ({sessions} sessions, from "
                f"{host}), and could not use it after a migration to revision "
                f"{newest_revision()}: stop all its processes, then start this one"
            )
        time.sleep(PAUSE_SECONDS)


class SchemaChanged(StoreUnavailable):
    """Another version of certdesk has migrated the database."""


def check_revision(found: str | None) -> None:
    """Refuse to use a database that another version has migrated in the meantime.

    Raises:
        SchemaChanged: it has.
    """
    if found != newest_revision():
        raise SchemaChanged(
            f"another version of certdesk has migrated the database to revision {found}, and "
            f"this version knows {newest_revision()}: stop this one, and start the other "
            "version"
        )
