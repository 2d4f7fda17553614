"""Which members a request or a reply has: by our declaration, and by the vendor's own material.

A shape is a table from the path of a member to what it is. `Tags` is a list, `Tags[]` each of its
structures, and `Tags[].TagKey` a member of those.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import importlib.util
import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from msgspec import inspect
from tencentcloud.ssl.v20191205 import errorcodes, models, ssl_client

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from certdesk.wire.model import Reply, Request
from tests.clients.jobs import PYTHON_CLIENTS

_SCALARS = {
    "string": "string",
    "datetime": "string",
    "bool": "bool",
    "int64": "int64",
    "uint64": "uint64",
}
_TYPE_LINE = re.compile(r":type (\w+): (.+)")
_SDK_SCALARS = {"str": "string", "bool": "bool", "int": "integer"}


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """What one member is: `string`, `int64`, `uint64`, `bool`, `list` or `object`."""

    kind: str
    required: bool = False


Shape = dict[str, Member]


@dataclasses.dataclass(frozen=True, slots=True)
class Edition:
    """What the Python SDK of one edition of the API says of it."""

    models: ModuleType
    errorcodes: ModuleType
    ssl_client: ModuleType

    @property
    def actions(self) -> set[str]:
        """The actions that its client has."""
        return {name for name in vars(self.ssl_client.SslClient) if name[0].isupper()}

    @property
    def codes(self) -> set[str]:
        """The codes that its service may answer."""
        return {value for name, value in vars(self.errorcodes).items() if name.isupper()}


INTERNATIONAL = Edition(models, errorcodes, ssl_client)


@functools.cache
def mainland() -> Edition:
    """Read the mainland edition's SDK, which cannot be in the environment beside the other."""
    return Edition(*map(_mainland_module, ("models", "errorcodes", "ssl_client")))


def edition(action: Action) -> Edition:
    """Give the edition that an action is held against."""
    return INTERNATIONAL if action.name in INTERNATIONAL.actions else mainland()


def _mainland_module(name: str) -> ModuleType:
    path = PYTHON_CLIENTS / f"tencentcloud/ssl/v20191205/{name}.py"
    found = importlib.util.spec_from_file_location(f"mainland_{name}", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def public_actions() -> list[Action]:
    """All actions of the API, in name order."""
    return [action for action in actions() if not action.internal]


@functools.cache
def api() -> dict[str, Any]:
    """The vendor's description of the service, which its command line is generated from."""
    text = importlib.resources.files("tccli").joinpath("services/ssl/v20191205/api.json")
    described: dict[str, Any] = json.loads(text.read_text("utf-8"))
    return described


def declared(struct: type[Request | Reply]) -> Shape:
    """Give the shape that our declaration says."""
    return dict(_of_struct(inspect.type_info(struct), ""))


def described(name: str) -> Shape:
    """Give the shape of an object of `api.json`; RequestId belongs to the envelope."""
    shape = dict(_of_object(name, ""))
    shape.pop("RequestId", None)
    return shape


def modelled(name: str, edition: Edition = INTERNATIONAL) -> Shape:
    """Give the shape of a model of the SDK; it does not tell int64 from uint64, or what is needed.

    The names are those of the instance, the types those of its documentation.
    """
    shape = dict(_of_model(getattr(edition.models, name)(), "", edition))
    shape.pop("RequestId", None)
    return shape


def coarse(shape: Shape) -> Shape:
    """Forget what a reply does not tell: the sign of integers, and what is required."""
    kinds = {"int64": "integer", "uint64": "integer"}
    return {path: Member(kinds.get(member.kind, member.kind)) for path, member in shape.items()}


def mistyped(value: object, shape: Shape, path: str = "") -> Iterator[str]:
    """Give the paths at which a decoded JSON value is not what the shape says; null is allowed."""
    kind = shape[path].kind if path else "object"
    if value is None:
        return
    if isinstance(value, dict) and kind == "object":
        for name, member in value.items():
            inner = f"{path}.{name}" if path else name
            if inner in shape:
                yield from mistyped(member, shape, inner)
            else:
                yield inner
    elif isinstance(value, list) and kind == "list":
        for member in value:
            yield from mistyped(member, shape, f"{path}[]")
    elif kind != {str: "string", bool: "bool", int: "integer"}.get(type(value)):
        yield path


def _of_struct(kind: inspect.Type, path: str) -> Iterator[tuple[str, Member]]:
    assert isinstance(kind, inspect.StructType)
    for field in kind.fields:
        place = f"{path}{field.encode_name}"
        yield from _of_declared(_present(field.type), place, required=field.required)


def _of_declared(
    kind: inspect.Type, path: str, *, required: bool = False
) -> Iterator[tuple[str, Member]]:
    match kind:
        case inspect.StrType():
            yield path, Member("string", required)
        case inspect.BoolType():
            yield path, Member("bool", required)
        case inspect.IntType(ge=least):
            yield path, Member("uint64" if least == 0 else "int64", required)
        case inspect.ListType(item_type=item):
            yield path, Member("list", required)
            yield from _of_declared(_present(item), f"{path}[]")
        case inspect.StructType():
            yield path, Member("object", required)
            yield from _of_struct(kind, f"{path}.")
        case _:
            raise TypeError(f"{path} is {kind}")


def _present(kind: inspect.Type) -> inspect.Type:
    """Look through what says that a member may be absent, or how far it is built."""
    match kind:
        case inspect.UnionType(types=(other, inspect.NoneType()) | (inspect.NoneType(), other)):
            return _present(other)
        case inspect.Metadata(type=inner):
            return _present(inner)
    return kind


def _of_object(name: str, path: str) -> Iterator[tuple[str, Member]]:
    for member in api()["objects"][name]["members"]:
        place, required = f"{path}{member['name']}", member.get("required", False)
        inner = place
        if member["type"] == "list":
            yield place, Member("list", required)
            inner, required = f"{place}[]", False
        scalar = _SCALARS.get(member["member"])
        yield inner, Member(scalar or "object", required)
        if scalar is None:
            yield from _of_object(member["member"], f"{inner}.")


def _of_model(model: object, path: str, edition: Edition) -> Iterator[tuple[str, Member]]:
    types = dict(_TYPE_LINE.findall(type(model).__init__.__doc__ or ""))
    for name in (attribute.removeprefix("_") for attribute in vars(model)):
        place, kind = f"{path}{name}", types[name].strip().removesuffix(" non-negative")
        inner = place
        if kind.startswith("list of "):
            yield place, Member("list")
            inner, kind = f"{place}[]", kind.removeprefix("list of ")
        scalar = _SDK_SCALARS.get(kind)
        yield inner, Member(scalar or "object")
        if scalar is None:
            name_of_model = kind.rstrip("`").rpartition(".")[2]
            nested = getattr(edition.models, name_of_model)()
            yield from _of_model(nested, f"{inner}.", edition)
