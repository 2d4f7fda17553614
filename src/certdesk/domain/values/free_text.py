"""The texts of records that people wrote, by the types of the fields.

A name, a reason or a label may be about a person, and data about a person must be found again: to
be shown, and to be erased if it need not stay. So each text field of a record declares what it is.
A field without a mark counts as `Words`, and a test asks for a mark.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from certdesk.domain.values.record import Record, replace

Written = TypeVar("Written", bound=Record)
Names = Callable[[str], bool]
"""A function that returns whether a text names the person."""


class Text(enum.Enum):
    """The kind of a text."""

    WORDS = "somebody's words, which can be taken back"
    LASTING = "somebody's words, by which other things go"
    CODE = "an id, a number, a name of the trade: nobody's words"


Words = Annotated[str, Text.WORDS]
Lasting = Annotated[str, Text.LASTING]
Code = Annotated[str, Text.CODE]

ERASED = "(erased)"
"""The replacement for words that named a person."""


class CleartextOf(Record):
    """The mark of a text that has the cleartext fields of a value as JSON (`sealed_fields.py`)."""

    of: type


def texts_of(record: object) -> Iterator[tuple[str, Text, str]]:
    """Yield (field, mark, text) for each text in a record, including those in cleartext fields."""
    for field, hint in hints(type(record)).items():
        for mark, text in _texts(hint, getattr(record, field)):
            yield field, mark, text


def has_words(kind: type) -> bool:
    """Whether records of a type have texts that people wrote."""
    return any(mark is not Text.CODE for mark in marks_of(kind).values())


def marks_of(kind: type) -> dict[str, Text | None]:
    """Return the mark of each text of a record type by its path; None if it has no mark."""
    return {
        f"{field}{inner}": mark
        for field, hint in hints(kind).items()
        for inner, mark in _marks(hint)
    }


def without_words(record: Written, names: Names) -> Written:
    """Return a record without the words that name the person; lasting ones stay."""
    changed = {
        field: taken
        for field, hint in hints(type(record)).items()
        if (taken := _without(hint, getattr(record, field), names)) != getattr(record, field)
    }
    return replace(record, **changed) if changed else record


def hints(kind: type) -> Mapping[str, object]:
    """Return the types of a record's fields, with their marks."""
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind, include_extras=True)
    return _HINTS[kind]


_HINTS: dict[type, Mapping[str, object]] = {}


def _parts(hint: object) -> tuple[object, object]:
    """Return a type without None, and its mark."""
    if typing.get_origin(hint) is Annotated:
        inner, *marks = typing.get_args(hint)
        found = [mark for mark in marks if isinstance(mark, Text | CleartextOf)]
        return inner, found[0] if found else None
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        kinds = [each for each in typing.get_args(hint) if each is not types.NoneType]
        if len(kinds) == 1:
            return _parts(kinds[0])
    return hint, None


def _members(kind: object, value: tuple[object, ...]) -> Iterator[tuple[object, object]]:
    """Yield the type and the value of each member of a tuple."""
    each = typing.get_args(kind)
    if each[-1] is Ellipsis:
        each = (each[0],) * len(value)
    return zip(each, value, strict=True)


def _texts(hint: object, value: object) -> Iterator[tuple[Text, str]]:
    kind, mark = _parts(hint)
    if isinstance(mark, CleartextOf):
        yield from _texts_of_cleartext(mark.of, json.loads(str(value)))
    elif kind is str and isinstance(value, str):
        yield mark if isinstance(mark, Text) else Text.WORDS, value
    elif isinstance(value, tuple):
        for inner, member in _members(kind, value):
            yield from _texts(inner, member)
    elif isinstance(value, Record):
        for _, found, text in texts_of(value):
            yield found, text


def _texts_of_cleartext(kind: type, cleartext: dict[str, object]) -> Iterator[tuple[Text, str]]:
    for field, hint in hints(kind).items():
        value = cleartext.get(field)
        inner, _ = _parts(hint)
        if isinstance(value, dict) and isinstance(inner, type):
            yield from _texts_of_cleartext(inner, value)
        elif isinstance(value, list):
            yield from _texts(hint, tuple(value))
        elif value is not None:
            yield from _texts(hint, value)


def _marks(hint: object) -> Iterator[tuple[str, Text | None]]:
    kind, mark = _parts(hint)
    if isinstance(mark, CleartextOf):
        yield from ((f".{path}", found) for path, found in marks_of(mark.of).items())
    elif kind is str:
        yield "", mark if isinstance(mark, Text) else None
    elif typing.get_origin(kind) is tuple:
        for place, inner in enumerate(each for each in typing.get_args(kind) if each is not ...):
            yield from ((f"[{place}]{path}", found) for path, found in _marks(inner))
    elif isinstance(kind, type) and issubclass(kind, Record):
        yield from ((f".{path}", found) for path, found in marks_of(kind).items())


def _without(hint: object, value: Any, names: Names) -> Any:  # noqa: ANN401 -- as the hint says
    kind, mark = _parts(hint)
    if isinstance(value, str):
        words = kind is str and mark in (None, Text.WORDS)
        return ERASED if words and names(value) else value
    if isinstance(value, tuple):
        return tuple(_without(inner, member, names) for inner, member in _members(kind, value))
    if isinstance(value, Record):
        return without_words(value, names)
    return value
