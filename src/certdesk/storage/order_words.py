"""The index of words for searching orders: each suffix of each of their texts is a word.

A text contains a string if one of the text's suffixes begins with it. So a search reads one range
of words, and its cost depends on what it finds, not on how common its letters are; docs/adr
compares this with trigrams. Words begin with their account; tags and origins are whole words.
SQLite stores them in an FTS5 table, PostgreSQL in a `tsvector` with a GIN index.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from certdesk.domain.orders import listing
from certdesk.domain.orders.listing import MOST_TEXT
from certdesk.storage.driver import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import FromClause, Select

    from certdesk.domain.orders.order import Order
    from certdesk.storage.driver import Driver

# Neither database may split a word or read a part of it as syntax. So ASCII characters other than
# letters, digits, dots and dashes are replaced by private-use characters, and a private-use
# character gets a mark before it: no replacement begins with another.
_PRIVATE = 0xE000
_MARK = chr(_PRIVATE)
_SPELLING = {
    code: chr(_PRIVATE + code)
    for code in range(1, 0x80)
    if not (chr(code).isalnum() or chr(code) in "-.")
} | {code: _MARK + chr(code) for code in range(_PRIVATE, _PRIVATE + 0x80)}

MERGED_PAGES = 500
"""Pages of 4 KB merged at a time: about 50 ms, for which other commits wait."""

_OF_TEXT = chr(_PRIVATE + 0x80)
_OF_TAG = chr(_PRIVATE + 0x81)
_OF_ORIGIN = chr(_PRIVATE + 0x82)


def words(order: Order) -> frozenset[str]:
    """Return the words of an order."""
    return words_of(order.uin, listing.texts(order), order.tags, order.origins)


def words_of(
    uin: str,
    texts: Iterable[str],
    tags: Iterable[tuple[str, str]],
    origins: Iterable[str] = (),
) -> frozenset[str]:
    """Return the words for a search: each suffix of each text, each tag and each origin.

    A search has at most `MOST_TEXT` characters, so words are cut to that length.
    """
    its = beginning(uin, "")
    spelled = ([character.translate(_SPELLING) for character in text] for text in texts)
    return frozenset(
        (
            *(
                its + "".join(letters[start : start + MOST_TEXT])
                for letters in spelled
                for start in range(len(letters))
            ),
            *(tag_word(uin, tag) for tag in tags),
            *(origin_word(uin, origin) for origin in origins),
        )
    )


def beginning(uin: str, text: str) -> str:
    """Return the prefix of an account's words that begin with `text`."""
    return f"{uin.translate(_SPELLING)}{_OF_TEXT}{text.translate(_SPELLING)}"


def tag_word(uin: str, tag: tuple[str, str]) -> str:
    """Return the word of a tag; it is hashed, since a tag may be long."""
    digest = hashlib.blake2b(json.dumps(tag).encode(), digest_size=16)
    return f"{uin.translate(_SPELLING)}{_OF_TAG}{digest.hexdigest()}"


def origin_word(uin: str, certificate_id: str) -> str:
    """Return the word of orders that are derived from a certificate."""
    return f"{uin.translate(_SPELLING)}{_OF_ORIGIN}{certificate_id.translate(_SPELLING)}"


class WordIndex(Protocol):
    """An index of words for the numbers of orders, in one kind of database."""

    def terms(self, beginnings: Iterable[str], whole: Iterable[str]) -> str:
        """Return the text that searches for a word for each prefix, and for each whole word."""
        ...

    def found(self, terms: Any) -> Select[Any]:  # noqa: ANN401 -- a text, or a parameter in its place
        """Select the numbers for which such a text is true."""
        ...

    def materialized(self, name: str, statement: Select[Any]) -> FromClause:
        """Return the selection as a table to select from, evaluated as written."""
        ...

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of a new order."""
        ...

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Remove all words of an order; `words` are those words."""
        ...

    def change(
        self, driver: Driver, number: int, before: Iterable[str], after: Iterable[str]
    ) -> None:
        """Replace all words of an order."""
        ...


class FtsIndex:
    """Words in an FTS5 table that stores its index only: no texts and no positions."""

    def __init__(self) -> None:
        """Name the table and its parts."""
        # In a search, the column with the table's name stands for the table.
        self._rows = sa.table(
            "order_words", sa.column("rowid", sa.Integer), sa.column("order_words")
        )

    def terms(self, beginnings: Iterable[str], whole: Iterable[str]) -> str:
        """Return the text of a search with FTS5."""
        terms = [f'"{word}"*' for word in beginnings] + [f'"{word}"' for word in whole]
        return " AND ".join(terms)

    def found(self, terms: Any) -> Select[Any]:  # noqa: ANN401 -- a text, or a parameter in its place
        """Search with FTS5."""
        its = self._rows.c
        matches = its.order_words.op("MATCH", is_comparison=True)(terms)
        return sa.select(its.rowid.label("number")).where(matches)

    def materialized(self, name: str, statement: Select[Any]) -> FromClause:
        """Return a subquery: SQLite starts with the words anyway, and reads them in order."""
        return statement.subquery(name)

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of a new order."""
        _PUT.touch(driver, {"number": number, "words": " ".join(sorted(words))})

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Remove the words; FTS5 needs to be told which they are.

        FTS5 only marks them as deleted; `merge` removes them from the file.
        """
        _TAKE.touch(driver, {"number": number, "words": " ".join(sorted(words))})

    def change(
        self, driver: Driver, number: int, before: Iterable[str], after: Iterable[str]
    ) -> None:
        """Replace the words."""
        self.take(driver, number, before)
        self.put(driver, number, after)

    def merge(self, driver: Driver, *, begin: bool) -> bool:
        """Rewrite a part of the index without the deleted words; return whether more is left.

        `begin` starts with the whole index; otherwise the merge continues. FTS5's own
        `secure-delete` would more than double the cost of each change of an order's words, and make
        a table that SQLite before 3.42 cannot read.
        https://www.sqlite.org/fts5.html#the_merge_command
        """
        before: int = driver.connection.total_changes
        _MERGE.touch(driver, {"pages": -MERGED_PAGES if begin else MERGED_PAGES})
        # The command itself changes one row.
        return bool(driver.connection.total_changes - before > 1)


_PUT = Statement(sa.text("INSERT INTO order_words(rowid, words) VALUES (:number, :words)"))
_TAKE = Statement(
    sa.text("INSERT INTO order_words(order_words, rowid, words) VALUES ('delete', :number, :words)")
)
_MERGE = Statement(sa.text("INSERT INTO order_words(order_words, rank) VALUES ('merge', :pages)"))


def word_index(dialect: str) -> WordIndex:
    """Return the index of a database, by the name of its dialect."""
    if dialect == "sqlite":
        return FtsIndex()
    from certdesk.storage.postgresql.gin_index import GinIndex  # noqa: PLC0415 - its types take long

    return GinIndex()
