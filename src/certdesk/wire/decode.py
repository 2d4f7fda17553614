"""The decoder: from the parameters of a request to the type that its action declares.

The wire has five kinds of value: string, integer, boolean, list and structure. The decoder accepts
what clients of the real service may rely on, and is strict about everything else:

- null and `""` mean that a parameter, or a member of a structure or of a list, is absent;
- an integer or a boolean may be given as text, because forms only have text (`"2"`, `"True"`);
- names are matched exactly; unknown names are refused, and so is a number for a string;
- text is kept as it is, with its white space, up to the length that its type allows; but text that
  people read must not hold invisible characters (`domain/values/visible.py`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

import msgspec
from msgspec import inspect

from certdesk.domain.errors import InvalidParameter, ServiceError
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import looks_personal
from certdesk.domain.values.visible import unseen_fault
from certdesk.wire.faults import Faults
from certdesk.wire.model import LIST_LIMIT, TEXT_LIMIT, Request

R = TypeVar("R", bound=Request)

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_BOOLEANS = {"True": True, "true": True, "False": False, "false": False}
_ABSENT = (None, "")


def prepare(request: type[Request]) -> None:
    """Build the reader of a request type, and let msgspec read its fields.

    An action's declaration calls this before there are threads (`domain/values/sealed_fields.py`).

    Raises:
        TypeError: `request` declares something that the wire does not have.
    """
    _reader_of(request)
    msgspec.json.Decoder(request)


def decode(
    parameters: Mapping[str, object],
    request: type[R],
    *,
    unfit: type[ServiceError] = InvalidParameter,
) -> R:
    """Return parameters (from JSON, or from a form with its structures rebuilt) as a `request`.

    `unfit` is the action's error for a text or a list that is longer than its type allows, and for
    a text with invisible characters.

    Raises:
        UnknownParameter: the action has no such parameter.
        MissingParameter: a required parameter is absent.
        InvalidParameter: a value is of another type than declared.
        ServiceError: `unfit`, for a text or a list that is too long, or a text with invisible
            characters.
        TypeError: `request` declares something that the wire does not have.

    All faults are found. The error is that of the first one, in the order above; its subject is the
    dotted path (`Tags.0.TagKey`), and its detail names the others too. Only what was given for an
    integer or a boolean is shown, if it could not be a secret in the wrong place.
    """
    # Not msgspec's lax mode: it reads the text `null` as None, `2e0` as 2, and 1 as true.
    faults = Faults(unfit)
    values = _reader_of(request).read(parameters, "", faults)
    faults.raise_first()
    return msgspec.convert(values, request)


LEAST_HIDDEN = 4
"""The least characters of a value to hide; shorter ones are parts of many words."""


def hidden_in(request: Request, longest: int) -> Iterator[str]:
    """Yield the values of a request that no message may repeat, by declared type or by their form.

    A value may look like a person's number or address in the wrong place. A message of `longest`
    characters repeats no longer value whole, so longer values are not examined: a letter has two
    million characters.
    """
    given = msgspec.to_builtins(request)
    for value in _reader_of(type(request)).hidden(given):
        if LEAST_HIDDEN <= len(value) <= longest:
            yield value
    yield from (leaf for leaf in _leaves(given) if len(leaf) <= longest and looks_personal(leaf))


def _leaves(value: object) -> Iterator[str]:
    """Yield all texts and numbers, as they may be in a message."""
    if isinstance(value, Mapping):
        for member in value.values():
            yield from _leaves(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _leaves(member)
    elif isinstance(value, str | int):
        yield str(value)


class _Reader(Protocol):
    """A reader of one kind of value; it notes faults in `faults`, and then returns anything."""

    def read(self, value: object, path: str, faults: Faults) -> object: ...

    def hidden(self, value: object) -> Iterator[str]: ...


class _Scalar(Record):
    """A reader of a value that has no members and is not text."""

    def hidden(self, value: object) -> Iterator[str]:
        """Yield nothing: no such value is declared as hidden."""
        del value
        return iter(())


class _String(Record):
    """A reader of text, of limited length; `kind` is its mark (`wire/model.py`)."""

    most: int
    kind: str = ""

    def read(self, value: object, path: str, faults: Faults) -> object:
        """Return the text unchanged."""
        if not isinstance(value, str):
            faults.wrong(path, "`string`", value)
        elif len(value) > self.most:
            faults.long(path, "characters", self.most, len(value))
        elif "parsed" not in self.kind:
            fault = unseen_fault(value, secret="hidden" in self.kind)
            if fault is not None:
                faults.unseen(path, fault)
        return value

    def hidden(self, value: object) -> Iterator[str]:
        """Yield the text if its type is hidden."""
        if "hidden" in self.kind and isinstance(value, str):
            yield value


class _Integer(_Scalar):
    """A reader of whole numbers between two bounds, also as decimal text."""

    least: int
    most: int

    def read(self, value: object, path: str, faults: Faults) -> object:
        """Return the number."""
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if type(value) is not int or not self.least <= value <= self.most:
            expected = f"`integer` from {self.least} to {self.most}"
            faults.wrong(path, expected, value, show=True)
        return value


class _Boolean(_Scalar):
    """A reader of true and false, also as text in the spellings of the official clients."""

    def read(self, value: object, path: str, faults: Faults) -> object:
        """Return the truth value."""
        if isinstance(value, str):
            value = _BOOLEANS.get(value, value)
        if not isinstance(value, bool):
            faults.wrong(path, "`boolean`", value, show=True)
        return value


class _List(Record, gc=True):
    """A reader of a list of one kind of value, of limited length."""

    item: _Reader
    most: int

    def read(self, value: object, path: str, faults: Faults) -> object:
        """Return the members that are not absent; paths count the absent ones too."""
        if not isinstance(value, list):
            faults.wrong(path, "`list`", value)
            return value
        if len(value) > self.most:
            faults.long(path, "members", self.most, len(value))
            return value
        return [
            self.item.read(member, f"{path}.{place}", faults)
            for place, member in enumerate(value)
            if member not in _ABSENT
        ]

    def hidden(self, value: object) -> Iterator[str]:
        """Yield the hidden values of the members."""
        if isinstance(value, list):
            for member in value:
                yield from self.item.hidden(member)


class _Structure(Record, gc=True):
    """A reader of a structure with these members, of which some are required."""

    members: dict[str, _Reader]
    required: tuple[str, ...]

    def read(self, value: object, path: str, faults: Faults) -> object:
        """Return the members that are not absent."""
        if not isinstance(value, Mapping):
            faults.wrong(path, "`structure`", value)
            return value
        prefix = f"{path}." if path else ""
        present = {}
        for name, member in value.items():
            reader = self.members.get(name)
            if reader is None:
                faults.unknown(prefix, name)
            elif member not in _ABSENT:
                present[name] = reader.read(member, prefix + name, faults)
        for name in self.required:
            if name not in present:
                faults.missing(prefix + name)
        return present

    def hidden(self, value: object) -> Iterator[str]:
        """Yield the hidden values of the members."""
        if isinstance(value, Mapping):
            for name, reader in self.members.items():
                yield from reader.hidden(value.get(name))


@functools.cache
def _reader_of(request: type[Request]) -> _Reader:
    """Return the reader of a request type, built once."""
    return _build(inspect.type_info(request))


def _build(kind: inspect.Type) -> _Reader:
    """Return a reader for a declared type."""
    # A mark says how far the parameter is implemented, or what kind of text it is
    # (`wire/model.py`).
    marked = kind.extra or {} if isinstance(kind, inspect.Metadata) else {}
    match kind.type if isinstance(kind, inspect.Metadata) else kind:
        case inspect.UnionType(types=(other, inspect.NoneType()) | (inspect.NoneType(), other)):
            return _build(other)
        case inspect.StrType(min_length=None, max_length=most, pattern=None):
            return _String(TEXT_LIMIT if most is None else most, marked.get("text", ""))
        case inspect.IntType(gt=None, ge=int(least), lt=None, le=int(most), multiple_of=None):
            return _Integer(least, most)
        case inspect.BoolType():
            return _Boolean()
        case (
            inspect.ListType(item_type=item, min_length=None, max_length=most)
            | inspect.VarTupleType(item_type=item, min_length=None, max_length=most)
        ):
            return _List(_build(item), LIST_LIMIT if most is None else most)
        case inspect.StructType(fields=fields):
            return _Structure(
                {field.encode_name: _build(field.type) for field in fields},
                tuple(field.encode_name for field in fields if field.required),
            )
    raise TypeError(
        "a parameter is a str, an Unsigned, an Integer, a bool, or a list or Part of these, "
        f"perhaps optional, but not {kind}"
    )
