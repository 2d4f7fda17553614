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


def test_a_connection_that_was_let_go_is_not_replaced(session: Session) -> None:
    """In the middle of a transaction another connection would write the rest without it."""
    session.connection.invalidate()
    with pytest.raises(DBAPIError):
        PUT.touch(session.driver, {"name": "rest", "at": None})
