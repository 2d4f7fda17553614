"""What a value of a setting must be, in words."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from certdesk.domain.values.visible import visible

SHOWN = 40
"""How many characters of a wrong value are shown."""

_ELEMENTS = {str: "texts", int: "whole numbers"}


def rule_of(kind: Any, value: object, *, least: int = 0, most: int | None = None) -> str:  # noqa: ANN401 -- a type, or what typing makes of several
    """Return the rule that a value of the wrong type breaks.

    `kind` is the type that it must have. `least` and `most` bound whole numbers.
    """
    return f"must be {_expected(kind, least, most)}, not {_shown(value)}"


def _expected(kind: Any, least: int, most: int | None) -> str:  # noqa: ANN401 -- as above
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind))
    if get_origin(kind) is tuple:
        return f"a list of {_ELEMENTS[get_args(kind)[0]]} only"
    if isinstance(kind, types.UnionType):
        # One that is None unless it is set.
        kind = get_args(kind)[0]
    if kind is bool:
        return "true or false"
    if kind is int:
        return f"a whole number {_range(least, most)}"
    return "a text"


def _range(least: int, most: int | None) -> str:
    return f"of {least} or more" if most is None else f"from {least} to {most}"


def _one_of(choices: Sequence[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}"


def _shown(value: object) -> str:
    """Return a value as a settings file has it; only what kind it is, if it has parts."""
    if isinstance(value, list | tuple):
        return "a list of other things"
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return visible(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
