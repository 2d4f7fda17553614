"""Statements by the shape of their values: none is mixed up with another, and few are kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from certdesk.storage.driver import Statement
from certdesk.storage.session import Library, Session, Sessions
from certdesk.storage.statement_cache import StatementCache, Values, among, padded

NUMBERS = sa.Table("numbers", sa.MetaData(), sa.Column("number", sa.Integer))
MANY = 1000


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Open a session with the numbers 1 to 3, and NULL."""
    opened = Sessions(tmp_path_factory.mktemp("numbers") / "numbers.db", Library.find()).writer()
    NUMBERS.create(opened.connection)
    opened.connection.execute(sa.insert(NUMBERS), [{"number": n} for n in (1, 2, 3, None)])
    yield opened
    opened.discard()


def count(its: Values) -> sa.Select[Any]:
    """Count the numbers that are in a list, or equal to one."""
    column = NUMBERS.c.number
    chosen = among(column, its["some"]) if "some" in its else column == its["one"]
    return sa.select(sa.func.count()).where(chosen)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"one": 2}, 1),
        ({"one": None}, 1),
        ({"one": 7}, 0),
        ({"some": []}, 0),
        ({"some": [1]}, 1),
        ({"some": padded([1, 2, 3])}, 3),
        ({"some": padded([])}, 0),
    ],
)
def test_each_shape_of_values_has_its_own_statement(
    session: Session, values: Values, found: int
) -> None:
    """Null and the lengths of lists are a part of the shape; all are asked of one cache, twice."""
    cache = StatementCache()
    for others in ({"one": 1}, {"one": None}, {"some": [1, 2]}):
        cache.number(session.driver, count, others)
    assert [cache.number(session.driver, count, values) for _ in range(2)] == [found, found]


def test_few_statements_with_many_values_are_kept(session: Session) -> None:
    """Callers choose how many values a filter has, and each length is another statement."""
    cache, before = StatementCache(), kept()
    for length in range(MANY, MANY + 50):
        cache.number(session.driver, count, {"some": [2] * length})
    assert 0 < kept() - before <= 21


def kept() -> int:
    """Return how many statements there are in memory."""
    gc.collect()
    return sum(isinstance(each, Statement) for each in gc.get_objects())
