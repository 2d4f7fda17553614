"""What the wire types say of each parameter and each member of a reply."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types

from certdesk.wire.model import empty_of

REAL = "real"
NOT_IMPLEMENTED = "not implemented"
_SCALARS: dict[type[types.Type], str] = {
    types.StrType: "String",
    types.IntType: "Integer",
    types.BoolType: "Boolean",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One parameter, or one member of a reply.

    `path` is its place, such as `Tags[].TagKey`; `kind` its type in the vendor's words;
    `constant` is the JSON that stands there for ever where nothing fills it, else empty; `nothing`
    is what a reply has there where there is nothing, empty if there always is something; `text` is
    its docstring, in one line.
    """

    path: str
    kind: str
    required: bool
    coverage: str
    constant: str
    nothing: str
    text: str


def parameters(request: type[msgspec.Struct]) -> list[Member]:
    """Describe the parameters of a request; those of a structure stand behind it."""
    return list(_members(request, "", of_reply=False))


def members(reply: type[msgspec.Struct]) -> list[Member]:
    """Describe the members of a reply. One with a default is one that nothing fills yet."""
    return list(_members(reply, "", of_reply=True))


def docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Read the docstrings below a structure's fields, each as one line, by the fields' names."""
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(struct))))
    body = next(node.body for node in nodes if isinstance(node, ast.ClassDef))
    texts = {}
    for field, below in itertools.pairwise(body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = " ".join(text.split())
    return texts


def _members(struct: type[msgspec.Struct], prefix: str, *, of_reply: bool) -> Iterator[Member]:
    texts = docstrings(struct)
    for field in msgspec.structs.fields(struct):
        declared = types.type_info(field.type)
        mark, bare = _mark(declared)
        kind, inner = _kind(bare)
        unfilled = of_reply and not field.required
        coverage = mark or (NOT_IMPLEMENTED if unfilled else REAL)
        path = prefix + field.encode_name
        yield Member(
            path=path,
            kind=kind,
            required=field.required,
            coverage=coverage,
            constant=_default(field) if unfilled else "",
            nothing=(empty_of(declared) or "") if of_reply else "",
            text=texts.get(field.name, ""),
        )
        # What is inside a structure that is never there would be no news.
        if inner is not None and coverage != NOT_IMPLEMENTED:
            yield from _members(inner, f"{path}{_STEP[kind]}", of_reply=of_reply)


_STEP = {"Structure": ".", "Array of Structure": "[]."}


def _mark(kind: types.Type) -> tuple[str, types.Type]:
    """Take the mark off a type; see `Stored`, `Ignored` and `Withheld` in `wire/model.py`."""
    if isinstance(kind, types.Metadata):
        return (kind.extra or {}).get("coverage", ""), kind.type
    return "", kind


def _kind(kind: types.Type) -> tuple[str, type[msgspec.Struct] | None]:
    """Name a type, and give the structure that it is or is a list of."""
    match kind:
        case types.Metadata(type=bare):
            return _kind(bare)
        case types.UnionType(types=(other, types.NoneType())):
            return _kind(other)
        case types.StructType(cls=cls):
            return "Structure", cls
        case types.ListType(item_type=item):
            name, inner = _kind(item)
            return f"Array of {name}", inner
    return _SCALARS[type(kind)], None


def _default(field: msgspec.structs.FieldInfo) -> str:
    made: Any = field.default
    if made is msgspec.NODEFAULT:
        made = field.default_factory()
    return msgspec.json.encode(made).decode()
