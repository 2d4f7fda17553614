"""From the parameters of a request to the type that its action declares.

The wire has five kinds of value: string, integer, boolean, list and structure. What clients of the
real service may rely on is built in here, and nothing else is lenient:

- null and `""` mean that a parameter, or a member of a structure or of a list, is absent;
- an integer or a boolean may be given as text, as forms have nothing else (`"2"`, `"True"`);
- names are matched exactly, and unknown ones are refused, as is a number for a string;
- text is taken as it is, with its white space.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec
from msgspec import inspect

from certdesk.domain.errors import (
    InvalidParameter,
    MissingParameter,
    ServiceError,
    UnknownParameter,
)
from certdesk.domain.texts import cut, printable
from certdesk.wire.model import Request

R = TypeVar("R", bound=Request)

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_BOOLEANS = {"True": True, "true": True, "False": False, "false": False}
_ABSENT = (None, "")
_LISTED = 50


def prepare(request: type[Request]) -> None:
    """Build the reader of a request type, and have msgspec read its fields.

    An action's declaration calls it, before there are threads: see `domain/personal.py`.

    Raises:
        TypeError: `request` declares something that the wire does not have.
    """
    _reader_of(request)
    msgspec.json.Decoder(request)


def decode(parameters: Mapping[str, object], request: type[R]) -> R:
    """Read parameters (from JSON, or from a form with its structures rebuilt) as `request`.

    Raises:
        UnknownParameter: the action has no such parameter.
        MissingParameter: a required parameter is absent.
        InvalidParameter: a value is of another type than declared.
        TypeError: `request` declares something that the wire does not have.

    All faults are found. The error is that of the first one, in the order above; its subject is
    the dotted path (`Tags.0.TagKey`), and its detail names the others too. Only what was given
    for an integer or a boolean is shown: secrets and personal data are never of these types.
    """
    # Not msgspec's lax mode: it takes the text `null` for nothing, `2e0` for 2, and 1 for true.
    faults = _Faults()
    values = _reader_of(request).read(parameters, "", faults)
    faults.raise_first()
    return msgspec.convert(values, request)


@dataclasses.dataclass(frozen=True, slots=True)
class _Fault:
    """One thing that is wrong: the error for it, the dotted path of what has it, and the rule."""

    error: type[ServiceError]
    path: str
    rule: str


class _Faults:
    """All that is wrong with a request."""

    def __init__(self) -> None:
        self._unknown: list[_Fault] = []
        self._missing: list[_Fault] = []
        self._wrong: list[_Fault] = []

    def unknown(self, path: str) -> None:
        """Note a parameter that the action does not have."""
        self._unknown.append(_Fault(UnknownParameter, path, "not recognized"))

    def missing(self, path: str) -> None:
        """Note a parameter that should be there."""
        self._missing.append(_Fault(MissingParameter, path, "missing"))

    def wrong(self, path: str, expected: str, came: str) -> None:
        """Note a value of another type."""
        rule = f"input type should be {expected}, but {came} came"
        self._wrong.append(_Fault(InvalidParameter, path, rule))

    def raise_first(self) -> None:
        """Raise the error of the first fault, if there is one."""
        faults = self._unknown + self._missing + self._wrong
        if not faults:
            return
        first, *others = faults
        sentences = [f"Its {first.rule}."] if first.error is InvalidParameter else []
        if others:
            sentences.append(f"Further faults: {_in_words(others)}.")
        raise first.error(" ".join(sentences), subject=first.path)


def _in_words(faults: list[_Fault]) -> str:
    """List faults, but not without end: who sends them decides how many there are."""
    listed = "; ".join(f"`{fault.path}`: {fault.rule}" for fault in faults[:_LISTED])
    rest = len(faults) - _LISTED
    return f"{listed}; and {rest} more" if rest > 0 else listed


class _Reader(Protocol):
    """Reads one kind of value; notes in `faults` what is wrong and then gives anything."""

    def read(self, value: object, path: str, faults: _Faults) -> object: ...


class _String:
    """Takes text alone."""

    def read(self, value: object, path: str, faults: _Faults) -> object:
        """Give the very text."""
        if not isinstance(value, str):
            faults.wrong(path, "`string`", _kind(value))
        return value


@dataclasses.dataclass(frozen=True, slots=True)
class _Integer:
    """Takes whole numbers between two bounds, also as decimal text."""

    least: int
    most: int

    def read(self, value: object, path: str, faults: _Faults) -> object:
        """Give the number."""
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if type(value) is not int or not self.least <= value <= self.most:
            expected = f"`integer` from {self.least} to {self.most}"
            faults.wrong(path, expected, _shown(value))
        return value


class _Boolean:
    """Takes true and false, also as text in the spellings of the official clients."""

    def read(self, value: object, path: str, faults: _Faults) -> object:
        """Give the truth value."""
        if isinstance(value, str):
            value = _BOOLEANS.get(value, value)
        if not isinstance(value, bool):
            faults.wrong(path, "`boolean`", _shown(value))
        return value


@dataclasses.dataclass(frozen=True, slots=True)
class _List:
    """Takes a list of one kind of value."""

    item: _Reader

    def read(self, value: object, path: str, faults: _Faults) -> object:
        """Give the members that are not absent; paths count the absent ones too."""
        if not isinstance(value, list):
            faults.wrong(path, "`list`", _kind(value))
            return value
        return [
            self.item.read(member, f"{path}.{place}", faults)
            for place, member in enumerate(value)
            if member not in _ABSENT
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class _Structure:
    """Takes a structure with these members, of which some are required."""

    members: dict[str, _Reader]
    required: tuple[str, ...]

    def read(self, value: object, path: str, faults: _Faults) -> object:
        """Give the members that are not absent."""
        if not isinstance(value, Mapping):
            faults.wrong(path, "`structure`", _kind(value))
            return value
        prefix = f"{path}." if path else ""
        present = {}
        for name, member in value.items():
            reader = self.members.get(name)
            if reader is None:
                faults.unknown(prefix + printable(cut(name)))
            elif member not in _ABSENT:
                present[name] = reader.read(member, prefix + name, faults)
        for name in self.required:
            if name not in present:
                faults.missing(prefix + name)
        return present


@functools.cache
def _reader_of(request: type[Request]) -> _Reader:
    """Build the reader of a request type, once."""
    return _build(inspect.type_info(request))


def _build(kind: inspect.Type) -> _Reader:
    """Build the reader of a declared type."""
    # A mark says how far the parameter is built (`wire/model.py`), and nothing about its values.
    match kind.type if isinstance(kind, inspect.Metadata) else kind:
        case inspect.UnionType(types=(other, inspect.NoneType()) | (inspect.NoneType(), other)):
            return _build(other)
        case inspect.StrType(min_length=None, max_length=None, pattern=None):
            return _String()
        case inspect.IntType(gt=None, ge=int(least), lt=None, le=int(most), multiple_of=None):
            return _Integer(least, most)
        case inspect.BoolType():
            return _Boolean()
        case (
            inspect.ListType(item_type=item, min_length=None, max_length=None)
            | inspect.VarTupleType(item_type=item, min_length=None, max_length=None)
        ):
            return _List(_build(item))
        case inspect.StructType(fields=fields):
            return _Structure(
                {field.encode_name: _build(field.type) for field in fields},
                tuple(field.encode_name for field in fields if field.required),
            )
    raise TypeError(
        "a parameter is a str, an Unsigned, an Integer, a bool, or a list or Part of these, "
        f"perhaps optional, but not {kind}"
    )


def _kind(value: object) -> str:
    """Name the JSON type of a value without showing it."""
    kinds: list[tuple[type, str]] = [
        (str, "text"),
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
    ]
    return next((word for kind, word in kinds if isinstance(value, kind)), "a structure")


def _shown(value: object) -> str:
    """Show a value that is neither secret nor personal; of a list or a structure, the type."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (str, int, float)):
        return f"`{printable(cut(str(value)))}`"
    return _kind(value)
