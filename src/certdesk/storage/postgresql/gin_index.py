"""The index of words for searching orders, in a PostgreSQL table (`storage/order_words.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from certdesk.storage.driver import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import FromClause, Select

    from certdesk.storage.driver import Driver


class GinIndex:
    """Words in a PostgreSQL table."""

    def __init__(self) -> None:
        """Name the table and its parts."""
        self._rows = sa.table("order_words", sa.column("number", sa.BigInteger), sa.column("words"))

    def terms(self, beginnings: Iterable[str], whole: Iterable[str]) -> str:
        """Return the text of a search with `tsquery`."""
        terms = [f"'{word}':*" for word in beginnings] + [f"'{word}'" for word in whole]
        return " & ".join(terms)

    def found(self, terms: Any) -> Select[Any]:  # noqa: ANN401 -- a text, or a parameter in its place
        """Search with `tsquery`."""
        its = self._rows.c
        query = sa.cast(terms, TSQUERY)
        return sa.select(its.number).where(its.words.bool_op("@@")(query))

    def materialized(self, name: str, statement: Select[Any]) -> FromClause:
        """Return a materialised selection.

        PostgreSQL does not know how rare a word is. Otherwise it might read all orders, newest
        first, expecting to fill a page soon.
        """
        return statement.cte(name).prefix_with("MATERIALIZED")

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of an order."""
        _PUT.touch(driver, {"number": number, "words": sorted(words)})

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:  # noqa: ARG002 -- SQLite needs them
        """Remove the words."""
        _TAKE.touch(driver, {"number": number})

    def change(
        self,
        driver: Driver,
        number: int,
        before: Iterable[str],  # noqa: ARG002 -- SQLite needs them
        after: Iterable[str],
    ) -> None:
        """Replace the words."""
        self.put(driver, number, after)


_PUT = Statement(
    sa.text(
        "INSERT INTO order_words(number, words) VALUES (:number, array_to_tsvector(:words))"
        " ON CONFLICT (number) DO UPDATE SET words = excluded.words"
    ).bindparams(sa.bindparam("words", type_=ARRAY(sa.Text)))
)
_TAKE = Statement(sa.text("DELETE FROM order_words WHERE number = :number"))
