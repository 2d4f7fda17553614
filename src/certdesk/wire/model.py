"""Bases of request and reply types, and the types of their fields.

A field's wire name is its Python name in PascalCase; irregular ones say `field(name=...)`.
Requests are immutable, refuse unknown parameters, and never show their values when printed.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, TypeVar, dataclass_transform

import msgspec
from msgspec import Meta, field

__all__ = [
    "LIST_LIMIT",
    "NO_TIME",
    "TEXT_LIMIT",
    "Blank",
    "Confidential",
    "Dashed",
    "File",
    "Hidden",
    "HiddenParsed",
    "HiddenPem",
    "Ignored",
    "Integer",
    "Parsed",
    "Part",
    "Pem",
    "Reply",
    "Request",
    "Stored",
    "Tag",
    "Undated",
    "Unsigned",
    "Withheld",
    "empty_of",
    "field",
    "local_time",
    "read_time",
    "utc_time",
]

T = TypeVar("T")

Unsigned = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The wire's `uint64`: a whole number that is not negative."""

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The wire's `int64`."""

# Every text and every list of a request has a bound, which is checked before anything reads it
# (`wire/decode.py`). The rules of an action allow less; they have refusals of their own.

TEXT_LIMIT = 4096
"""Most characters of a text whose type says nothing else."""

LIST_LIMIT = 1000
"""Most members of a list whose type says nothing else."""

# The type of a text also says what it is. A plain `str` is words that people read: the decoder
# refuses invisible characters in them (`domain/values/visible.py`). The other types are:

Hidden = Annotated[str, Meta(extra={"text": "hidden"})]
"""Words that are personal: no message repeats them."""

Parsed = Annotated[str, Meta(extra={"text": "parsed"})]
"""A text with a parser of its own, such as a domain name."""

HiddenParsed = Annotated[str, Meta(extra={"text": "hidden, parsed"})]
"""A text that is both hidden and parsed, such as a pass phrase."""

Pem = Annotated[str, Meta(max_length=128 * 1024, extra={"text": "parsed"})]
"""A text that holds certificates or a certificate signing request."""

HiddenPem = Annotated[str, Meta(max_length=128 * 1024, extra={"text": "hidden, parsed"})]
"""A text that holds a key."""

File = Annotated[str, Meta(max_length=2304 * 1024, extra={"text": "hidden, parsed"})]
"""A text that holds a file in base64."""

# How far a field is implemented is declared with it; docs/coverage.md is made from that. A field
# without a mark is real, and a reply's field with a default is one that nothing fills yet.

Stored = Annotated[T, Meta(extra={"coverage": "stored only"})]
"""The type of a parameter that is checked and stored, and has no effect yet."""

Ignored = Annotated[T, Meta(extra={"coverage": "ignored"})]
"""The type of a parameter that is accepted for clients and has no effect."""

Withheld = Annotated[T, Meta(extra={"coverage": "withheld"})]
"""The type of a reply's field that clients expect and whose value is a secret: always empty."""

Confidential = Annotated[T, Meta(extra={"confidential": True})]
"""The type of a reply's field that may hold a secret or a person's number in full.

Secrets are private keys, pass phrases and links to them."""

# The type of a reply's field says what it has if there is no value: `null` if it may be None, `[]`
# for a list, `false` for a truth value, and for a text one of these. A plain `str` is never empty.
# The vendor's recorded replies decide which it is (`tests/conformance/test_emptiness.py`).

Blank = Annotated[str, Meta(extra={"empty": ""})]
"""A reply's text that is `""` if there is no value."""

Dashed = Annotated[str, Meta(extra={"empty": "--"})]
"""A reply's text that is `"--"` if there is no value."""

NO_TIME = "0000-00-00 00:00:00"
Undated = Annotated[str, Meta(extra={"empty": NO_TIME})]
"""A reply's time that is all zeros if there is no time."""


def empty_of(kind: msgspec.inspect.Type) -> str | None:
    """Return the JSON that a reply's member of this type has if there is no value.

    None if there is always a value: a number, a structure, or a text that is never empty.
    """
    match kind:
        case msgspec.inspect.Metadata(type=inner, extra=extra):
            said = (extra or {}).get("empty")
            return empty_of(inner) if said is None else f'"{said}"'
        case msgspec.inspect.UnionType(types=types):
            missing = any(isinstance(each, msgspec.inspect.NoneType) for each in types)
            return "null" if missing else None
        case msgspec.inspect.ListType():
            return "[]"
        case msgspec.inspect.BoolType():
            return "false"
    return None


_TO_SECONDS = len("YYYY-MM-DD HH:MM:SS")
_BEIJING = timezone(timedelta(hours=8))
_LATEST = datetime.max.replace(tzinfo=_BEIJING)
"""A certificate without an end has 9999-12-31T23:59:59Z (RFC 5280, 4.1.2.5), which is later."""


def local_time(at: datetime | None) -> str | None:
    """Return a time as the real service does: `YYYY-MM-DD HH:MM:SS` in UTC+8, without a zone."""
    return (
        None if at is None else min(at, _LATEST).astimezone(_BEIJING).isoformat(" ")[:_TO_SECONDS]
    )


def utc_time(at: datetime | None) -> str | None:
    """Return a time for the operator: ISO 8601 in UTC with its zone (2026-03-01T12:00:00Z)."""
    return None if at is None else f"{at.astimezone(UTC).isoformat()[:_TO_SECONDS]}Z"


_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?", re.ASCII)
_YEARS = range(1970, 2200)


def read_time(text: str) -> datetime:
    """Return the time in a text, as `local_time` writes it or in ISO 8601 with a zone.

    Raises:
        ValueError: it is neither, or not a time between 1970 and 2199.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("must be YYYY-MM-DD HH:MM:SS, which is in UTC+8, or have a zone")
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a valid time") from None
    if read.year not in _YEARS:
        raise ValueError(f"must be from {_YEARS[0]} to {_YEARS[-1]}")
    return read if read.tzinfo else read.replace(tzinfo=_BEIJING)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Request(
    msgspec.Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True
):
    """Parameters of an action."""

    def __repr__(self) -> str:
        """Show the type alone: parameters hold secrets and personal data."""
        return f"{type(self).__name__}(…)"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Reply(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Members of an action's answer, RequestId aside."""

    def __repr__(self) -> str:
        """Show the type alone: replies may hold private keys."""
        return f"{type(self).__name__}(…)"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Part(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A structure inside a request or a reply."""

    def __repr__(self) -> str:
        """Show the type alone."""
        return f"{type(self).__name__}(…)"


def shows_a_secret(reply: type[Reply]) -> bool:
    """Whether a field of the reply is `Confidential`."""
    metas = (meta for each in msgspec.structs.fields(reply) for meta in _metas(each.type))
    return any((meta.extra or {}).get("confidential") for meta in metas)


def _metas(kind: object) -> tuple[Meta, ...]:
    """Return what an annotated type is marked with; msgspec's own inspection takes longer."""
    return tuple(each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Meta))


class Tag(Part):
    """A label that the caller puts on a certificate or another resource."""

    tag_key: str
    """The name of the label."""
    tag_value: str
    """Its value."""
