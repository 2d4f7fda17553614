"""Readable replies for a terminal: lists as tables, one object as names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from certdesk.cli.common import Form
from certdesk.cli.printing import local_time, say, styled, table

NOTHING = "-"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)")
_BEGINNING = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def listed(member: str, columns: Mapping[str, str], *, nothing: str) -> Form:
    """Return the form of a list in a reply: a table at a terminal, JSON otherwise.

    `columns` maps headings to the members of an entry. `nothing` is printed for an empty list.
    """

    def show_table(response: dict[str, Any]) -> None:
        rows = [[_worded(each[name]) for name in columns.values()] for each in response[member]]
        table(tuple(columns), rows, nothing=nothing)

    return Form(member, show_table)


def _show_members(members: Mapping[str, Any], of: str = "", indent: int = 0) -> None:
    """Print the members of an object called `of`; nested objects come last.

    The object's name is left out of its members' names: a company's CompanyName is `Name`.
    """
    plain = {name: value for name, value in members.items() if not _parts(value)}
    words = {name: _words(name, of) for name in plain}
    width = max(map(len, words.values()), default=0)
    for name, value in plain.items():
        first, *others = _lines(value)
        say(f"{'':{indent}}{words[name]:<{width}}  {first}")
        for line in others:
            say(f"{'':{indent + width}}  {line}")
    for name, value in members.items():
        for part in _parts(value):
            if not indent:
                say()
            styled(_words(name, of), "bold", indent)
            _show_members(part, name, indent + 2)


ONE = Form(person=_show_members)
"""The form of one object: a line for each of its members at a terminal, JSON otherwise."""


def _parts(value: object) -> list[Mapping[str, Any]]:
    """Return the nested objects in a value."""
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def _lines(value: object) -> Iterator[str]:
    """Yield a value's lines; a list has one for each entry."""
    yield from map(_worded, value) if isinstance(value, list) and value else [_worded(value)]


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_worded, value)) or NOTHING
    text = "" if value is None else str(value)
    return local_time(text) if _TIME.fullmatch(text) else text or NOTHING


def _words(name: str, of: str) -> str:
    """Return a member's name in words: `CompanyName` is `Company name`, or `Name` of a company."""
    own = name.removeprefix(of) or name
    first, *others = _BEGINNING.split(own)
    return " ".join((first, *map(str.lower, others)))
