"""Splits a value into cleartext and secret fields for storage, and joins them again.

The type decides: fields of type `Secret` are sealed, all others are stored as cleartext. Both parts
are JSON objects. A record has them in its columns `facts` (cleartext) and `personal` (sealed).

msgspec reads a type's fields at its first use, and shares them with other threads before it has
finished: two first uses at once crash the process (by a null pointer; seen with 0.22). So a type is
read when it is declared (`split_fields`), while there is one thread.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret

Value = TypeVar("Value")

_OBJECT: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


def split_fields(kind: type[Value]) -> type[Value]:
    """Declare a record whose cleartext and secret fields are stored apart; a decorator."""
    _DECODERS[kind] = msgspec.json.Decoder(kind, dec_hook=_hide)
    return kind


def cleartext_fields(value: Record) -> str:
    """Return the cleartext fields of a record as JSON, without absent ones."""
    return _json(_fields(value, secret=False))


def secret_fields(value: Record) -> Secret:
    """Return the secret fields of a record as JSON, to be sealed."""
    return Secret(_json(_fields(value, secret=True)))


def join_fields(kind: type[Value], cleartext: str, secrets: Secret) -> Value:
    """Return an instance of `kind` from its cleartext and its secret fields."""
    return build(kind, _merge(_OBJECT.decode(cleartext), _OBJECT.decode(secrets.reveal())))


def without_secrets(kind: type[Value], cleartext: str) -> Value:
    """Return an instance of `kind` that has its cleartext fields only."""
    return cast("Value", _DECODERS[kind].decode(cleartext))


def build(kind: type[Value], values: dict[str, Any]) -> Value:
    """Return an instance of `kind` from nested values, hiding those whose type is `Secret`.

    Raises:
        TypeError: `kind` was not declared by `split_fields`.
    """
    if kind not in _DECODERS:
        msg = f"{kind.__name__} is not declared with split_fields"
        raise TypeError(msg)
    return msgspec.convert(values, kind, dec_hook=_hide)


def _fields(value: Record, *, secret: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in value.__struct_fields__:
        member = getattr(value, name)
        if member is None:
            continue
        if isinstance(member, Record):
            inner = _fields(member, secret=secret)
            if inner:
                found[name] = inner
        elif isinstance(member, Secret) == secret:
            found[name] = member.text() if isinstance(member, Secret) else member
    return found


def _merge(cleartext: dict[str, Any], secrets: dict[str, Any]) -> dict[str, Any]:
    merged = dict(cleartext)
    for name, value in secrets.items():
        merged[name] = _merge(merged.get(name, {}), value) if isinstance(value, dict) else value
    return merged


def _hide(kind: type, value: object) -> object:
    if kind is not Secret:
        msg = f"no way to read a {kind.__name__}"
        raise NotImplementedError(msg)
    return Secret(cast("str", value))


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
