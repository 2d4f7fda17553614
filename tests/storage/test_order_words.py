"""The words by which orders are searched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certdesk.storage.order_words import beginning, tag_word, words_of

anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
spelled = st.text(
    st.sampled_from("a-. *\"'\\:&\x7f\ue000\ue001\ue020\ue07f\ue080\ue081é"), max_size=6
)


@given(anything | spelled, anything | spelled)
def test_a_word_begins_with_another_where_its_text_does(text: str, other: str) -> None:
    """Whatever the characters are, also those of which the spelling is made."""
    assert beginning("1", text).startswith(beginning("1", other)) is text.startswith(other)


@given(anything | spelled)
def test_a_word_holds_nothing_that_a_database_reads_as_syntax(text: str) -> None:
    """ASCII letters, digits, dots and dashes, and what lies beyond ASCII."""
    word = beginning("100000000001", text)
    assert [c for c in word if c.isascii() and not c.isalnum() and c not in "-."] == []


@given(anything | spelled, anything | spelled)
def test_a_text_has_a_part_where_one_of_its_words_begins_with_it(text: str, part: str) -> None:
    """The words of a text are its ends."""
    found = any(word.startswith(beginning("1", part)) for word in words_of("1", [text], []))
    assert found is (part in text and bool(text))


def test_words_have_64_characters_of_a_text_and_no_more() -> None:
    """Nobody looks for more."""
    words = words_of("1", ["x" * 100], [])
    assert words == {beginning("1", "x" * length) for length in range(1, 65)}


def test_words_of_one_account_are_not_those_of_another() -> None:
    """Not even where one account's number begins with the other's."""
    assert not beginning("12", "a").startswith(beginning("1", ""))
    assert tag_word("1", ("a", "b")) != tag_word("2", ("a", "b"))


def test_a_tag_is_one_word_and_no_text() -> None:
    """Key and value are not run together, however long they are."""
    (word,) = words_of("1", [], [("team", "web" * 1000)])
    assert word == tag_word("1", ("team", "web" * 1000))
    assert len(word) == 34
    assert not word.startswith(beginning("1", ""))
    assert tag_word("1", ("ab", "c")) != tag_word("1", ("a", "bc"))
