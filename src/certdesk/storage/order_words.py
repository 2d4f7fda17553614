"""The words by which orders are searched: each end of each of their texts is one.

What is looked for stands in a text where one of the text's ends begins with it. So a search is
one range of words, and costs what it finds, however common its letters are; docs/adr has the
comparison with trigrams. Words begin with their account, and tags and origins are words as a
whole. They lie in an FTS5 table on SQLite, and in a `tsvector` under a GIN index on PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from certdesk.domain.orders import listing
from certdesk.domain.orders.listing import MOST_TEXT
from certdesk.storage.driver import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import FromClause, Select

    from certdesk.domain.orders.order import Order
    from certdesk.storage.driver import Driver

# Neither database is to split a word or to read a part of it as syntax. So the characters of
# ASCII that are no letter, digit, dot or dash are written as others, for private use, and those
# themselves with a mark before them: no character's spelling begins with that of another.
_PRIVATE = 0xE000
_MARK = chr(_PRIVATE)
_SPELLING = {
    code: chr(_PRIVATE + code)
    for code in range(1, 0x80)
    if not (chr(code).isalnum() or chr(code) in "-.")
} | {code: _MARK + chr(code) for code in range(_PRIVATE, _PRIVATE + 0x80)}

MERGED_PAGES = 500
"""Pages of 4 KB that are merged at once: some 50 ms, for which other commits wait."""

_OF_TEXT = chr(_PRIVATE + 0x80)
_OF_TAG = chr(_PRIVATE + 0x81)
_OF_ORIGIN = chr(_PRIVATE + 0x82)


def words(order: Order) -> frozenset[str]:
    """Give the words of an order."""
    return words_of(order.uin, listing.texts(order), order.tags, order.origins)


def words_of(
    uin: str,
    texts: Iterable[str],
    tags: Iterable[tuple[str, str]],
    origins: Iterable[str] = (),
) -> frozenset[str]:
    """Give the words of what can be searched for: each end of each text, each tag and origin.

    Nobody searches for more than `MOST_TEXT` characters, so no word has more of them.
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
    """Give what the words of an account begin with that have `text` at their beginning."""
    return f"{uin.translate(_SPELLING)}{_OF_TEXT}{text.translate(_SPELLING)}"


def tag_word(uin: str, tag: tuple[str, str]) -> str:
    """Give the word of a tag, which may be long, and is therefore hashed."""
    digest = hashlib.blake2b(json.dumps(tag).encode(), digest_size=16)
    return f"{uin.translate(_SPELLING)}{_OF_TAG}{digest.hexdigest()}"


def origin_word(uin: str, certificate_id: str) -> str:
    """Give the word of what comes from a certificate."""
    return f"{uin.translate(_SPELLING)}{_OF_ORIGIN}{certificate_id.translate(_SPELLING)}"


class WordIndex(Protocol):
    """Words by the numbers of orders, in one of the databases."""

    def found(self, beginnings: Iterable[str], whole: Iterable[str]) -> Select[tuple[int]]:
        """Select the numbers that have a word with each beginning, and each whole word."""
        ...

    def settled(self, name: str, statement: Select[Any]) -> FromClause:
        """Give what is selected as something to select from, found in the way it says."""
        ...

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of a new order."""
        ...

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Remove all words of an order, which are `words`."""
        ...


class FtsIndex:
    """Words in a table of FTS5 that keeps nothing but its index: no texts, no places in them."""

    def __init__(self) -> None:
        """Name the table and its parts."""
        # The column that has the table's name is the table, when it is searched.
        self._rows = sa.table(
            "order_words", sa.column("rowid", sa.Integer), sa.column("order_words")
        )

    def found(self, beginnings: Iterable[str], whole: Iterable[str]) -> Select[tuple[int]]:
        """Search as FTS5 does."""
        terms = [f'"{word}"*' for word in beginnings] + [f'"{word}"' for word in whole]
        its = self._rows.c
        return sa.select(its.rowid.label("number")).where(
            its.order_words.op("MATCH", is_comparison=True)(" AND ".join(terms))
        )

    def settled(self, name: str, statement: Select[Any]) -> FromClause:
        """Give a subquery: SQLite begins with the words by itself, and reads them in order."""
        return statement.subquery(name)

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of a new order."""
        _PUT.touch(driver, {"number": number, "words": " ".join(sorted(words))})

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Remove the words: the index has to be told which there are.

        FTS5 only notes that they are gone; `merge` removes them from the file.
        """
        _TAKE.touch(driver, {"number": number, "words": " ".join(sorted(words))})

    def merge(self, driver: Driver, *, begin: bool) -> bool:
        """Write a part of the index anew, without words that were taken; tell if more is left.

        `begin` takes up all of the index, else what was begun goes on. FTS5's own `secure-delete`
        would make each change of an order's words cost more than twice as much, and a table that
        SQLite before 3.42 does not read. https://www.sqlite.org/fts5.html#the_merge_command
        """
        before: int = driver.connection.total_changes
        _MERGE.touch(driver, {"pages": -MERGED_PAGES if begin else MERGED_PAGES})
        # One row is changed by the command itself.
        return bool(driver.connection.total_changes - before > 1)


_PUT = Statement(sa.text("INSERT INTO order_words(rowid, words) VALUES (:number, :words)"))
_TAKE = Statement(
    sa.text("INSERT INTO order_words(order_words, rowid, words) VALUES ('delete', :number, :words)")
)
_MERGE = Statement(sa.text("INSERT INTO order_words(order_words, rank) VALUES ('merge', :pages)"))


class GinIndex:
    """Words in a table of PostgreSQL."""

    def __init__(self) -> None:
        """Name the table and its parts."""
        self._rows = sa.table("order_words", sa.column("number", sa.BigInteger), sa.column("words"))

    def found(self, beginnings: Iterable[str], whole: Iterable[str]) -> Select[tuple[int]]:
        """Search as PostgreSQL does."""
        terms = [f"'{word}':*" for word in beginnings] + [f"'{word}'" for word in whole]
        its = self._rows.c
        query = sa.cast(" & ".join(terms), TSQUERY)
        return sa.select(its.number).where(its.words.bool_op("@@")(query))

    def settled(self, name: str, statement: Select[Any]) -> FromClause:
        """Materialise it.

        PostgreSQL does not know how rare a word is, and would rather go through all orders,
        newest first, in the hope to meet a page of them soon.
        """
        return statement.cte(name).prefix_with("MATERIALIZED")

    def put(self, driver: Driver, number: int, words: Iterable[str]) -> None:
        """Store the words of a new order."""
        _PUT_VECTOR.touch(driver, {"number": number, "words": sorted(words)})

    def take(self, driver: Driver, number: int, words: Iterable[str]) -> None:  # noqa: ARG002 -- SQLite needs them
        """Remove the words."""
        _TAKE_VECTOR.touch(driver, {"number": number})


_PUT_VECTOR = Statement(
    sa.text(
        "INSERT INTO order_words(number, words) VALUES (:number, array_to_tsvector(:words))"
    ).bindparams(sa.bindparam("words", type_=ARRAY(sa.Text)))
)
_TAKE_VECTOR = Statement(sa.text("DELETE FROM order_words WHERE number = :number"))


def word_index(dialect: str) -> WordIndex:
    """Give the index of a database, by the name of its dialect."""
    return FtsIndex() if dialect == "sqlite" else GinIndex()
