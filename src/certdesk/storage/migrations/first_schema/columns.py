"""The types of the first schema's columns, on SQLite and on PostgreSQL.

They repeat `storage/columns.py` on purpose: a released revision must not change when the records
do.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

SCHEMA = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

# PostgreSQL sorts these by code point, as SQLite does, and not by the server's locale.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
# Not used for sorting: JSON, and names of members of an enumeration.
PLAIN_TEXT = Text()
# SQLite numbers rows by itself only in a column that is declared INTEGER.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
STATUS = Integer()
FLAG = Boolean()
TIME = DateTime(timezone=True)
BYTES = LargeBinary()


def key(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    """Return a column of the primary key."""
    return Column(name, kind, primary_key=True)


def column(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    """Return a column that always has a value."""
    return Column(name, kind, nullable=False)


def optional(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    """Return a column that may be NULL."""
    return Column(name, kind, nullable=True)


def counter(name: str) -> Column[Any]:
    """Return a column with a number that begins at 0."""
    return Column(name, NUMBER, nullable=False, server_default=text("0"))
