"""Accounts and their keys: the shapes of what is drawn."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.accounts.account import letters, new_secret_id, new_secret_key, new_uin

SHAPES = [
    (new_uin, r"1000[0-9]{8}"),
    (new_secret_id, r"AKID[A-Za-z0-9]{32}"),
    (new_secret_key, r"[A-Za-z0-9]{43}"),
]


@pytest.mark.parametrize(("draw", "shape"), SHAPES, ids=["Uin", "SecretId", "SecretKey"])
@given(seed=st.integers(0, 2**64))
def test_what_is_drawn_has_the_vendors_shape(
    draw: Callable[[random.Random], str], shape: str, seed: int
) -> None:
    """From any source of randomness."""
    assert re.fullmatch(shape, draw(random.Random(seed)))  # noqa: S311 -- the shape counts


def test_a_secret_key_holds_256_bits() -> None:
    """62 characters have 5.954 bits each; 43 of them are enough, 42 would not be."""
    assert 62**42 < 2**256 < 62**43


def test_all_characters_are_drawn_alike() -> None:
    """None is left out and none is favoured by more than chance allows."""
    drawn = letters(random.Random(1), 62_000)  # noqa: S311 -- repeatable
    counts = [drawn.count(character) for character in sorted(set(drawn))]
    assert len(counts) == 62
    assert min(counts) > 850
    assert max(counts) < 1150
