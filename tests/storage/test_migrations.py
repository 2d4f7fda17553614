from __future__ import annotations

import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from certdesk.domain.values.mark import Mark
from certdesk.ports import COLLECTIONS
from certdesk.storage.migrate import VERSIONS, SchemaUnknown, SchemaUnreleased, migrate, revisions
from certdesk.storage.schema import metadata
from certdesk.storage.session import Library, Session, Sessions
from certdesk.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path(__file__).with_name("processes.py")


@contextmanager
def transaction(database: Path, end: str = "COMMIT") -> Iterator[Session]:
    """Work on a database in a transaction."""
    session = Sessions(database, Library.find(), 1).writer()
    with closing(session.connection):
        session.run("BEGIN IMMEDIATE")
        yield session
        session.run(end)


def is_declared(name: str | None, kind: str, _: object) -> bool:
    """Leave out the tables of the index of words, which SQLite makes for itself."""
    return kind != "table" or name is None or not name.startswith("order_words")


def tables(database: Path) -> set[str]:
    """Give the names of a database's tables, those of the index of words aside."""
    with transaction(database) as session:
        names = set(inspect(session.connection).get_table_names()) - {"sqlite_sequence"}
        return {name for name in names if not name.startswith("order_words_")}


def test_migrations_make_the_schema_that_is_declared(tmp_path: Path) -> None:
    """A field without its migration, or the other way round, is found here."""
    SqliteStore.open(tmp_path / "desk.db").close()

    with transaction(tmp_path / "desk.db") as session:
        context = MigrationContext.configure(
            session.connection, opts={"compare_type": True, "include_name": is_declared}
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_migrations_number_what_the_schema_numbers(tmp_path: Path) -> None:
    """The comparison above does not look at AUTOINCREMENT."""
    SqliteStore.open(tmp_path / "desk.db").close()

    with transaction(tmp_path / "desk.db") as session:
        made = session.connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
        numbered = {name for name, sql in made if "AUTOINCREMENT" in (sql or "")}

    assert numbered == {spec.name for spec in COLLECTIONS if spec.numbered or spec.numbering}


def test_an_up_to_date_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Opening again changes nothing, not even the file."""
    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        store.write(lambda unit: unit.marks.add(Mark(name="kek", value=b"1")))
    before = (tmp_path / "desk.db").read_bytes()

    SqliteStore.open(tmp_path / "desk.db").close()

    assert (tmp_path / "desk.db").read_bytes() == before


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    """Going back to an older version says what is wrong, and does no harm."""
    SqliteStore.open(tmp_path / "desk.db").close()
    with transaction(tmp_path / "desk.db") as session:
        session.run("UPDATE alembic_version SET version_num = 'f00d'")
    before = (tmp_path / "desk.db").read_bytes()

    for _ in range(2):
        with pytest.raises(SchemaUnknown, match="revision f00d"):
            SqliteStore.open(tmp_path / "desk.db")

    assert (tmp_path / "desk.db").read_bytes() == before


@pytest.mark.parametrize("revision", ["0001", "0033"])
def test_a_database_from_before_the_first_release_is_refused_and_not_touched(
    revision: str, tmp_path: Path
) -> None:
    """The revisions of development are gone; the text says what to do instead."""
    SqliteStore.open(tmp_path / "desk.db").close()
    with transaction(tmp_path / "desk.db") as session:
        session.run(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 -- a value of the test
    before = (tmp_path / "desk.db").read_bytes()

    with pytest.raises(SchemaUnreleased, match=f"revision {revision}.*: begin again in another"):
        SqliteStore.open(tmp_path / "desk.db")

    assert (tmp_path / "desk.db").read_bytes() == before


def test_the_files_of_the_revisions_are_named_in_their_order() -> None:
    """A database that has the newest is opened without alembic, by these names."""
    scripts = ScriptDirectory(str(VERSIONS.parent), version_locations=[str(VERSIONS)])

    chain = [script.revision for script in scripts.walk_revisions()]

    assert list(revisions()) == chain[::-1]


def test_a_migration_is_part_of_the_transaction_it_is_in(tmp_path: Path) -> None:
    """Rolled back, it leaves nothing: no statement has committed by itself."""
    with transaction(tmp_path / "desk.db", end="ROLLBACK") as session:
        migrate(session.connection)

    assert tables(tmp_path / "desk.db") == set()


def test_a_process_killed_in_a_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    """The next start finds what was there before, and migrates it."""
    database = tmp_path / "desk.db"
    killed = subprocess.run(
        [sys.executable, PROCESSES, "die_in_a_migration", database],
        stdout=subprocess.PIPE,
        check=False,
    )
    left = tables(database)

    SqliteStore.open(database).close()

    assert (killed.stdout, killed.returncode) == (b"migrated\n", -9)
    assert (left, tables(database)) == (
        set(),
        {*metadata.tables, "order_words", "alembic_version"},
    )
