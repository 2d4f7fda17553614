"""Splits a value into clear and secret fields, and puts it together again.

The type decides: a field of type `Secret` is personal, every other field is a fact. Both halves
become JSON, so that one can be stored as text and the other sealed as a whole.

msgspec reads a type's fields at its first use, and shares them with other threads before it has
finished: two first uses at once crash the process (by a null pointer; seen with 0.22). So a type is
read when it is declared (`split_fields`), while there is one thread.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeVar, cast

import msgspec

from certdesk.domain.values.secret import Secret

Value = TypeVar("Value")

_HALVED: set[type] = set()


def split_fields(kind: type[Value]) -> type[Value]:
    """Declare a dataclass as one that is stored in halves; a decorator."""
    msgspec.json.Decoder(kind, dec_hook=_hide)
    _HALVED.add(kind)
    return kind


def facts_of(value: object) -> str:
    """Return the clear half of a dataclass instance as JSON; absent values are left out."""
    return _json(_half(value, secret=False))


def personal_of(value: object) -> Secret:
    """Return the personal half of a dataclass instance as hidden JSON."""
    return Secret(_json(_half(value, secret=True)))


def whole(kind: type[Value], facts: str, personal: Secret) -> Value:
    """Return an instance of `kind` from both halves."""
    return build(kind, _merge(json.loads(facts), json.loads(personal.reveal())))


def build(kind: type[Value], values: dict[str, Any]) -> Value:
    """Return an instance of `kind` from nested values, hiding those whose type is `Secret`.

    Raises:
        TypeError: `kind` was not declared by `split_fields`.
    """
    if kind not in _HALVED:
        msg = f"{kind.__name__} is not declared with split_fields"
        raise TypeError(msg)
    return msgspec.convert(values, kind, dec_hook=_hide)


def _half(value: object, *, secret: bool) -> dict[str, Any]:
    half: dict[str, Any] = {}
    for field in dataclasses.fields(cast("Any", value)):
        member = getattr(value, field.name)
        if member is None:
            continue
        if dataclasses.is_dataclass(member):
            inner = _half(member, secret=secret)
            if inner:
                half[field.name] = inner
        elif isinstance(member, Secret) == secret:
            half[field.name] = member.text() if isinstance(member, Secret) else member
    return half


def _merge(facts: dict[str, Any], personal: dict[str, Any]) -> dict[str, Any]:
    merged = dict(facts)
    for name, value in personal.items():
        merged[name] = _merge(merged.get(name, {}), value) if isinstance(value, dict) else value
    return merged


def _hide(kind: type, value: object) -> object:
    if kind is not Secret:
        msg = f"no way to read a {kind.__name__}"
        raise NotImplementedError(msg)
    return Secret(cast("str", value))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
