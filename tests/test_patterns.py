"""No pattern goes back so far that a text twice as long takes more than about twice the steps."""

from __future__ import annotations

import ast
import importlib
import math
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certdesk
from tests.steps import Counter, TooMany, attacks

SHORT, LONG = 12, 24
"""How often the part that makes a text long is repeated."""

GROWTH = 2.8
"""A quadratic pattern takes four times the steps, where what it does once does not count much."""

ONCE_STEPS = 10
MOST = 30_000
ENDINGS = ("\x01", "", "!", "\n")
ONCE = {"fullmatch", "match"}

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(certdesk.__path__, "certdesk.")
    if "migrations" not in found.name and not found.name.endswith("__main__")
)


def uses(tree: ast.AST) -> dict[str, set[str]]:
    """Give the methods that a module calls of each name."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def patterns() -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """Give each pattern of the program, and whether it is tried at one place of a text alone."""
    for name in MODULES:
        module = importlib.import_module(name)
        called = uses(ast.parse(Path(str(module.__file__)).read_text()))
        for variable, value in vars(module).items():
            if isinstance(value, re.Pattern):
                methods = called.get(variable, set()) - {"pattern"}
                yield f"{name}.{variable}", value, bool(methods) and methods <= ONCE


PATTERNS = list(patterns())


def steps(pattern: re.Pattern[Any], text: str, *, once: bool) -> int:
    """Count the steps on a text; more than `MOST` are not counted."""
    counter = Counter(pattern, text, MOST)
    try:
        if once:
            counter.at(0, whole=True)
        else:
            counter.everywhere()
    except TooMany:
        return MOST
    return counter.steps


def worst(pattern: re.Pattern[Any], *, once: bool) -> tuple[float, str]:
    """Give how much the steps grow with the length of the worst text, and what it repeats."""
    limit, found = sys.getrecursionlimit(), (0.0, "")
    sys.setrecursionlimit(20_000)
    try:
        for before, pump in attacks(pattern):
            for ending in ENDINGS:
                few, many = (
                    steps(pattern, before + pump * count + ending, once=once)
                    for count in (SHORT, LONG)
                )
                growth = many / (few + ONCE_STEPS) if many < MOST else math.inf
                found = max(found, (growth, f"{before!r} + n * {pump!r}"))
                if growth >= GROWTH:
                    return found
    finally:
        sys.setrecursionlimit(limit)
    return found


@pytest.mark.parametrize(
    ("pattern", "once"),
    [(pattern, once) for _, pattern, once in PATTERNS],
    ids=[name for name, _, _ in PATTERNS],
)
def test_a_pattern_takes_steps_in_proportion_to_the_length_of_a_text(
    pattern: re.Pattern[Any],
    once: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    """Whatever a hostile text repeats, at the places where the pattern may go on for long."""
    growth, text = worst(pattern, once=once)
    assert growth < GROWTH, text


@pytest.mark.parametrize(
    ("written", "once"),
    [
        (r"([a-z]+):[ \t]*(.*?)[ \t]*", True),
        (r"(a+)+", True),
        (r"(a|a)*", True),
        (r"[a-z]+x", False),
        (r"(?s)-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", False),
        (r"\s*key\s+\s*\{(.*)\}\s*;?\s*", True),
    ],
)
def test_a_pattern_that_goes_back_is_found_out(
    written: str,
    once: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    """Among them the one that let a kilobyte of blanks take a second."""
    assert worst(re.compile(written), once=once)[0] >= GROWTH


@given(
    name=st.sampled_from(
        [name for name, pattern, _ in PATTERNS if isinstance(pattern.pattern, str)]
    ),
    text=st.text(st.sampled_from('ab0-:;=. \t\n"[]{}/+*%&'), max_size=12),
)
def test_steps_are_counted_of_the_same_search_that_the_library_makes(name: str, text: str) -> None:
    """It finds what `re` finds, so it goes the same ways."""
    pattern = next(each for known, each, _ in PATTERNS if known == name)
    if not pattern.flags & re.IGNORECASE:
        found = pattern.match(text)
        assert Counter(pattern, text, MOST).at(0) == (found.end() if found else None)
        assert (Counter(pattern, text, MOST).at(0, whole=True) is not None) == bool(
            pattern.fullmatch(text)
        )


@pytest.mark.parametrize("name", MODULES)
def test_patterns_stand_where_they_are_found(name: str) -> None:
    """At the top of a module, and not within a call: the tests above see no others."""
    tree = ast.parse(Path(str(importlib.import_module(name).__file__)).read_text())
    assert (
        uses(tree)
        .get("re", set())
        .isdisjoint({"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"})
    )
