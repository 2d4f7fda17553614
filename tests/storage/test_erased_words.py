"""Words that no order has any more are in no page of SQLite's file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from certdesk.domain.orders.listing import OrderQuery
from certdesk.domain.values.record import replace
from certdesk.ports import Unit
from certdesk.storage import order_words
from certdesk.storage.session import Library
from certdesk.storage.sqlite import SqliteStore
from tests.storage.test_order_pages import order

LIBRARIES = [Library.find(), Library(sqlite3, write_ahead=False)]
OTHERS = 2000
"""Orders among which one is: their index has many pages, and segments that are merged already."""

CANARY = "zoequillofnowhereelse"
WRITTEN = CANARY[4:].encode()
"""What the index has of it, which leaves out what a word has in common with the one before."""


def holds(file: Path) -> bool:
    """Tell whether the word is in the file or in its logs."""
    return any(WRITTEN in each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


def fill(unit: Unit) -> None:
    """Add many orders; the word is in the alias of two."""
    for number in range(1, OTHERS):
        alias = f"{CANARY} {number}" if number in {5, 6} else f"shop {number}"
        unit.orders.add(replace(order(number), number=0, alias=alias, domain=None))


def rename(unit: Unit) -> None:
    """Call one of the two something else."""
    (named,) = (each for each in unit.orders.where() if each.alias == f"{CANARY} 5")
    unit.orders.replace(replace(named, alias="shop"))


def remove(unit: Unit) -> None:
    """Delete the other one."""
    (named,) = (each for each in unit.orders.where() if each.alias == f"{CANARY} 6")
    unit.orders.remove(named.certificate_id)


@pytest.mark.parametrize("library", LIBRARIES, ids=["write-ahead", "rollback journal"])
def test_words_of_a_changed_alias_and_of_a_removed_order_are_overwritten(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whichever step of the merge they are met; the other words are found as before."""
    monkeypatch.setattr(order_words, "MERGED_PAGES", 10)
    file = tmp_path / "desk.db"
    with closing(SqliteStore.open(file, library=library)) as store:
        store.write(fill)
        store.write(rename)
        store.write(remove)
        assert holds(file)
        store.checkpoint()
        assert not holds(file)
        page = store.read(lambda unit: unit.orders.page(OrderQuery(uin="1", limit=1, text="shop")))
    assert page.total == OTHERS - 2
