from __future__ import annotations

from typing import Annotated

import pytest

from certdesk.domain.usage import one
from certdesk.domain.values.record import Record
from certdesk.ports.collections import Collection
from certdesk.ports.specs import CountedBy, Index, Key, LimitedBy, specs_of


class Wish(Record, kw_only=True):
    """A record that no unit has."""

    wish_id: int
    uin: str
    version: int = 1


class Wishes(Collection[Wish]):
    """A collection that can do more than others, as orders can."""


def test_a_declaration_says_all_that_a_store_needs() -> None:
    """From the attribute's name, its type and its marks."""

    class Unit:
        wishes: Annotated[Collection[Wish], Key("wish_id"), Index("uin"), CountedBy(one("wishes"))]
        others: Annotated[Wishes, Key("uin", "wish_id"), LimitedBy("the test makes none")]
        usage: int

    wishes, others = specs_of(Unit)
    assert (wishes.name, wishes.record, wishes.key) == ("wishes", Wish, ("wish_id",))
    assert (wishes.indexes, wishes.numbered, wishes.versioned) == ([("uin",)], True, True)
    assert (others.name, others.record, others.numbered) == ("others", Wish, False)
    assert (wishes.measure is None, others.measure) == (False, None)


def test_a_collection_of_which_nobody_says_what_limits_it_is_refused() -> None:
    """When it is declared, so before any test runs; and one of which both is said."""

    class Unlimited:
        wishes: Annotated[Collection[Wish], Key("wish_id")]

    class Twice:
        wishes: Annotated[
            Collection[Wish], Key("wish_id"), CountedBy(one("wishes")), LimitedBy("the test")
        ]

    for unit in (Unlimited, Twice):
        with pytest.raises(TypeError, match="say of wishes either CountedBy or LimitedBy"):
            specs_of(unit)


def test_a_mark_that_names_no_field_is_refused() -> None:
    """When it is declared, by the name that is wrong."""

    class Misspelt:
        wishes: Annotated[Collection[Wish], Key("wish_id"), Index("uni"), LimitedBy("the test")]

    with pytest.raises(TypeError, match="Wish has no uni"):
        specs_of(Misspelt)
