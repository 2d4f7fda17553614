from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from certdesk.storage.columns import UtcTime
from certdesk.storage.driver import Statement
from certdesk.storage.session import Library, Session, Sessions

KEPT = sa.Table(
    "kept", sa.MetaData(), sa.Column("name", sa.Text, primary_key=True), sa.Column("at", UtcTime)
)
PUT = Statement(sa.insert(KEPT), sets=("name", "at"))
ALL = Statement(sa.select(KEPT).order_by(KEPT.c.name))
AT = datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Open a session in a transaction, with a table."""
    opened = Sessions(tmp_path / "kept.db", Library.find(), 0.01).writer()
    KEPT.create(opened.connection)
    opened.run("BEGIN IMMEDIATE")
    yield opened
    opened.discard()


def test_values_come_back_in_the_types_of_their_columns(session: Session) -> None:
    """A time has its zone and its microseconds."""
    assert PUT.touch(session.driver, {"name": "a", "at": AT}) == 1
    assert ALL.all(session.driver, {}) == [["a", AT]]


def test_a_statement_that_fails_leaves_the_transaction_as_it_is(session: Session) -> None:
    """What was written before stays, and the error does not tell the values."""
    PUT.touch(session.driver, {"name": "secret", "at": None})
    with pytest.raises(IntegrityError) as refused:
        PUT.touch(session.driver, {"name": "secret", "at": None})
    session.run("COMMIT")
    assert "secret" not in str(refused.value)
    assert ALL.all(session.driver, {}) == [["secret", None]]


def test_an_error_at_a_later_row_is_told_like_one_at_the_first(session: Session) -> None:
    """SQLite reads the rows one by one, and here it fails at the second."""
    numbers = "(SELECT 1 AS x UNION ALL SELECT -9223372036854775808)"
    failing = Statement(sa.text(f"SELECT abs(x) FROM {numbers}"), reads=[sa.column("x")])  # noqa: S608 -- a text of the test
    with pytest.raises(DBAPIError):
        failing.all(session.driver, {})


def test_rows_that_are_not_read_hold_no_transaction(session: Session) -> None:
    """Even if what reads them fails, and its error is kept."""
    for name in ("a", "b"):
        PUT.touch(session.driver, {"name": name, "at": None})

    def fail_at_the_first(rows: Iterator[object]) -> None:
        raise RuntimeError(next(rows))

    with pytest.raises(RuntimeError) as kept:
        ALL.take(session.driver, fail_at_the_first, {})
    session.run("COMMIT")
    session.run("PRAGMA wal_checkpoint(TRUNCATE)")
    (busy, *_) = session.connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert (busy, kept.value.args) == (0, (["a", None],))


def test_a_connection_that_was_let_go_is_not_replaced(session: Session) -> None:
    """In the middle of a transaction another connection would write the rest without it."""
    session.connection.invalidate()
    with pytest.raises(DBAPIError):
        PUT.touch(session.driver, {"name": "rest", "at": None})
