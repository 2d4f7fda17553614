"""Databases as older versions of certdesk have left them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from certdesk.ports import Store
from certdesk.storage.session import Library, Sessions

Fill = Callable[[Connection], None]
"""Makes the tables of an older version, and puts into them what it had."""

Migrated = Callable[[Fill], Store]
"""Has a new database filled so, and opens it with the present version."""


def bring_to(connection: Connection, revision: str) -> None:
    """Migrate a database to a revision and no further."""
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@contextmanager
def sqlite_before(database: Path) -> Iterator[Connection]:
    """Work on a file in a transaction."""
    session = Sessions(database, Library.find(), 1).writer()
    with closing(session.connection):
        session.run("BEGIN IMMEDIATE")
        yield session.connection
        session.run("COMMIT")


@contextmanager
def postgres_before(url: str) -> Iterator[Connection]:
    """Work on a database of PostgreSQL in a transaction."""
    driven = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(driven, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
        yield connection
