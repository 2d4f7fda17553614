"""Every text and every list that a request can bring has a bound, and it is checked first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import inspect

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from certdesk.domain.errors import ServiceError
from certdesk.wire.model import LIST_LIMIT, TEXT_LIMIT, File

Path = tuple[str, ...]
MEMBER = "0"


def bounded(kind: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Give each text and list in a type: where it is, and a value that is too long by one."""
    match kind:
        case inspect.Metadata(type=inner):
            yield from bounded(inner, path)
        case inspect.UnionType(types=types):
            for inner in types:
                yield from bounded(inner, path)
        case inspect.StrType(max_length=most):
            yield path, "a" * ((TEXT_LIMIT if most is None else most) + 1)
        case (
            inspect.ListType(item_type=item, max_length=most)
            | inspect.VarTupleType(item_type=item, max_length=most)
        ):
            yield path, [1] * ((LIST_LIMIT if most is None else most) + 1)
            yield from bounded(item, (*path, MEMBER))
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from bounded(field.type, (*path, field.encode_name))


def written(path: Path, value: object) -> object:
    """Put a value in its place, with nothing beside it."""
    if not path:
        return value
    first, rest = path[0], written(path[1:], value)
    return [rest] if first == MEMBER else {first: rest}


@pytest.mark.parametrize("action", list(actions()), ids=lambda action: action.name)
def test_what_is_longer_than_its_type_allows_is_refused_by_the_decoder(action: Action) -> None:
    """Each parameter of each action, those of operators included, and the members of structures."""
    for path, value in bounded(inspect.type_info(action.request)):
        parameters = written(path, value)
        assert isinstance(parameters, dict)
        with pytest.raises(ServiceError) as refused:
            action.decode(parameters)
        message = refused.value.message
        assert "length should be at most" in message
        assert ".".join(path) in message


def test_no_bound_is_beyond_what_a_body_may_have() -> None:
    """A file is the longest of all that a type allows."""
    [(_, longest)] = bounded(inspect.type_info(File))
    for action in actions():
        for _, value in bounded(inspect.type_info(action.request)):
            assert isinstance(value, list) or len(str(value)) <= len(str(longest))
