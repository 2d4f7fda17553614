"""Which texts and lists a request can bring, and how long they may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import inspect

from certdesk.wire.model import LIST_LIMIT, TEXT_LIMIT

Path: TypeAlias = tuple[str, ...]

MEMBER = "0"


def texts(kind: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Give each text in a type: where it is, and how many characters it may have."""
    match kind:
        case inspect.StrType(max_length=most):
            yield path, TEXT_LIMIT if most is None else most
        case _:
            for inner, place in _inside(kind, path):
                yield from texts(inner, place)


def lists(kind: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Give each list in a type: where it is, and how many members it may have."""
    match kind:
        case inspect.ListType(max_length=most) | inspect.VarTupleType(max_length=most):
            yield path, LIST_LIMIT if most is None else most
    for inner, place in _inside(kind, path):
        yield from lists(inner, place)


def _inside(kind: inspect.Type, path: Path) -> Iterator[tuple[inspect.Type, Path]]:
    match kind:
        case inspect.Metadata(type=inner):
            yield inner, path
        case inspect.UnionType(types=types):
            yield from ((inner, path) for inner in types)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield item, (*path, MEMBER)
        case inspect.StructType(fields=fields):
            yield from ((field.type, (*path, field.encode_name)) for field in fields)


def written(path: Path, value: object) -> dict[str, object]:
    """Return the parameters of a request with a value in its place, and nothing beside it."""
    for name in reversed(path[1:]):
        value = [value] if name == MEMBER else {name: value}
    return {path[0]: value}
