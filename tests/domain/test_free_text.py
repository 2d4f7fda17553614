"""Texts of records by the types of their fields."""

from __future__ import annotations

from typing import Annotated

from certdesk.domain.values.free_text import (
    ERASED,
    CleartextOf,
    Code,
    Lasting,
    Text,
    Words,
    has_words,
    marks_of,
    texts_of,
    without_words,
)
from certdesk.domain.values.record import Record, replace


class Inner(Record, kw_only=True):
    """A value inside another."""

    note: Words | None = None
    kind: Code = "k"


class Whole(Record, kw_only=True):
    """What has an inner value."""

    inner: Inner = Inner()
    lines: tuple[Words, ...] = ()


class Sample(Record, kw_only=True):
    """A record with every kind of text."""

    key: Code
    name: Lasting
    alias: Words | None = None
    tags: tuple[tuple[Words, Words], ...] = ()
    facts: Annotated[str, CleartextOf(Whole)] = "{}"
    unmarked: str = ""
    number: int = 0


SAMPLE = Sample(
    key="ada",
    name="ada",
    alias="for ada",
    tags=(("owner", "ada"), ("team", "web")),
    facts='{"inner":{"note":"ada","kind":"ada"},"lines":["of ada"]}',
    unmarked="ada",
)


def test_each_text_is_given_with_its_mark() -> None:
    """Also those in tuples and in cleartext fields; one without a mark is somebody's words."""
    found = [(field, mark, text) for field, mark, text in texts_of(SAMPLE) if "ada" in text]
    assert found == [
        ("key", Text.CODE, "ada"),
        ("name", Text.LASTING, "ada"),
        ("alias", Text.WORDS, "for ada"),
        ("tags", Text.WORDS, "ada"),
        ("facts", Text.WORDS, "ada"),
        ("facts", Text.CODE, "ada"),
        ("facts", Text.WORDS, "of ada"),
        ("unmarked", Text.WORDS, "ada"),
    ]


def test_words_are_taken_out_and_all_else_stays() -> None:
    """Cleartext fields stay as well: they are written again together with the sealed ones."""
    without = without_words(SAMPLE, lambda text: "ada" in text)
    assert without == replace(
        SAMPLE, alias=ERASED, tags=(("owner", ERASED), ("team", "web")), unmarked=ERASED
    )
    assert without_words(SAMPLE, lambda _: False) is SAMPLE
    whole = Whole(inner=Inner(note="ada"), lines=("ada", "bo"))
    taken = without_words(whole, lambda text: text == "ada")
    assert taken == Whole(inner=Inner(note=ERASED), lines=(ERASED, "bo"))


def test_marks_are_read_off_a_type() -> None:
    """By path, with None where nothing is said."""
    assert marks_of(Sample) == {
        "key": Text.CODE,
        "name": Text.LASTING,
        "alias": Text.WORDS,
        "tags[0][0]": Text.WORDS,
        "tags[0][1]": Text.WORDS,
        "facts.inner.note": Text.WORDS,
        "facts.inner.kind": Text.CODE,
        "facts.lines[0]": Text.WORDS,
        "unmarked": None,
    }
    assert has_words(Sample)
    assert not has_words(CleartextOf)
