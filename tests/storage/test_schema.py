from __future__ import annotations

import pytest
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from certdesk.domain.accounts.account import Account
from certdesk.ports import COLLECTIONS
from certdesk.storage.columns import column
from certdesk.storage.schema import TABLES

SQLITE, POSTGRESQL = (each.dialect() for each in (sqlite, postgresql))


def shown(made: Column[object]) -> tuple[str, str, bool]:
    """Give a column's type on SQLite and on PostgreSQL, and whether it may be empty."""
    kinds = [str(made.type.compile(dialect=dialect)) for dialect in (SQLITE, POSTGRESQL)]
    return kinds[0], kinds[1], bool(made.nullable)


@pytest.mark.parametrize(
    ("table", "name", "expected"),
    [
        ("orders", "certificate_id", ("TEXT", 'TEXT COLLATE "C"', False)),
        ("orders", "status", ("INTEGER", "INTEGER", False)),
        ("orders", "registrable", ("TEXT", 'TEXT COLLATE "C"', True)),
        ("orders", "waits_for", ("TEXT", "TEXT", True)),
        ("orders", "tags", ("TEXT", "TEXT", False)),
        ("orders", "auto_renew", ("BOOLEAN", "BOOLEAN", False)),
        ("orders", "created_at", ("DATETIME", "TIMESTAMP WITH TIME ZONE", False)),
        ("orders", "version", ("INTEGER", "BIGINT", False)),
        ("submissions", "private_key", ("BLOB", "BYTEA", True)),
        ("managers", "expires_at", ("DATETIME", "TIMESTAMP WITH TIME ZONE", True)),
    ],
)
def test_a_column_has_the_type_of_its_field(
    table: str, name: str, expected: tuple[str, str, bool]
) -> None:
    """Each type of a field has one of SQLite and one of PostgreSQL."""
    assert shown(TABLES[table].c[name]) == expected


def test_a_type_without_a_column_is_refused() -> None:
    """A record that cannot be kept is noticed when it is declared."""
    with pytest.raises(TypeError, match="no column keeps"):
        column("price", float, key=False)


def test_numbered_collections_are_numbered_by_either_database() -> None:
    """The database gives the numbers of these, and of no others."""
    numbering = {spec.name for spec in COLLECTIONS if spec.numbered or spec.numbering}
    numbered = {
        name
        for name, table in TABLES.items()
        if "AUTOINCREMENT" in str(CreateTable(table).compile(dialect=SQLITE))
        and "SERIAL" in str(CreateTable(table).compile(dialect=POSTGRESQL))
    }

    assert {"audit", "orders"} < numbered == numbering


def test_a_declaration_names_its_records_fields() -> None:
    """Columns and fields are the same, in the same order."""
    fields = list(Account.__struct_fields__)

    assert [each.name for each in TABLES["accounts"].c] == fields
