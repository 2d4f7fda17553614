"""Secrets: used but never shown; masks of telephone numbers."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.values.secret import Secret, hidden, mask, masked, plain

CANARY = "c4nary-5ecret"
texts = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    "show", [repr, str, format, ascii, "{}".format, "{!r:>40}".format, lambda s: f"{[s]} {s!s}"]
)
def test_a_secret_has_no_printable_form(show: Callable[[Secret], str]) -> None:
    """However it is printed, alone or within something else."""
    shown = show(Secret(CANARY))
    assert CANARY not in shown
    assert "Secret(" in shown


@pytest.mark.parametrize(
    "serialise", [pickle.dumps, json.dumps, copy.copy, copy.deepcopy, vars, hash]
)
def test_a_secret_leaves_by_no_other_door(serialise: Callable[[Secret], object]) -> None:
    """Pickles, JSON, copies and hashes are refused."""
    with pytest.raises(TypeError) as refused:
        serialise(Secret(CANARY))
    assert CANARY not in str(refused.value)


@given(texts)
def test_what_is_hidden_is_revealed_by_name(text: str) -> None:
    """As text and as bytes."""
    assert Secret(text).text() == text
    assert Secret(text).reveal() == text.encode()
    assert Secret(text.encode()) == Secret(text)


@given(texts, texts)
def test_secrets_compare_by_value(one: str, other: str) -> None:
    """With each other only."""
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) != one


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("18169239105", "18*******05"),
        ("010-234123123", "01*********23"),
        ("12345", "12*45"),
        ("1234", "****"),
        ("1", "*"),
        ("", ""),
        ("+86 138 0000 0000", "+8*************00"),
    ],
)
def test_a_mask_leaves_two_characters_at_each_end(value: str, shown: str) -> None:
    """The vendor shows `18*******99`; a short number is hidden whole."""
    assert mask(value) == shown


@given(texts)
def test_a_mask_keeps_the_length_and_hides_the_middle(text: str) -> None:
    """And masking twice changes nothing more."""
    shown = mask(text)
    assert len(shown) == len(text)
    assert set(shown[2:-2]) <= {"*"}
    assert mask(shown) == shown


def test_nothing_stays_nothing() -> None:
    """None is not a secret, and has no mask."""
    assert (masked(None), plain(None), hidden(None)) == (None, None, None)
    assert (masked(Secret("12345")), plain(Secret("a@b.de"))) == ("12*45", "a@b.de")
    assert hidden("") == Secret("")
