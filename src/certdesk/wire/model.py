"""Bases of request and reply types, and the types of their fields.

A field's wire name is its Python name in PascalCase; irregular ones say `field(name=...)`.
Requests are immutable, refuse unknown parameters, and never show their values when printed.
"""

from datetime import datetime, timedelta, timezone
from typing import Annotated, dataclass_transform

import msgspec
from msgspec import Meta, field

__all__ = [
    "Integer",
    "Part",
    "Reply",
    "Request",
    "Tag",
    "Unsigned",
    "field",
    "local_time",
]

Unsigned = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The wire's `uint64`: a whole number that is not negative."""

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The wire's `int64`."""

_BEIJING = timezone(timedelta(hours=8))


def local_time(at: datetime | None) -> str | None:
    """Word a time as the real service does: `YYYY-MM-DD HH:MM:SS` in UTC+8, without a zone."""
    return None if at is None else at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")


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


class Tag(Part):
    """A label that the caller puts on a thing."""

    tag_key: str
    tag_value: str
