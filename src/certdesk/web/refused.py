"""The unverified claims of a request that was refused before its signature was checked.

The refusal may be due to an unsigned part, or to a clock that is ahead. Somebody who captured the
request could then correct it and send it again, so it is recorded as used. The refusal is in the
request's language.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from certdesk.domain.errors import ServiceError
from certdesk.wire.forms import peek
from certdesk.wire.signature import parse_authorization
from certdesk.wire.signature_v1 import bare

if TYPE_CHECKING:
    from certdesk.web.forms import Head

_PAIRS = ("Action", "Timestamp", "SecretId", "Signature")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The claims of such a request; they are unverified."""

    secret_id: str
    signature: str = dataclasses.field(repr=False)
    timestamp: int
    action: str
    action_signed: bool


def named_in(head: Head, body: bytes) -> Named | None:
    """Read the claims, if complete; `body` is empty unless the parameters are in it."""
    try:
        return _of_headers(head) if "authorization" in head.headers else _of_pairs(head, body)
    except (ServiceError, ValueError):
        return None


def language_in(head: Head, body: bytes) -> str:
    """Return the requested language of messages; "" if none is requested or it is unreadable."""
    if "authorization" in head.headers or "x-tc-action" in head.headers:
        return head.headers.get("x-tc-language", "")
    try:
        return peek(head.query or body, ["Language"]).get("Language", "")
    except ServiceError:
        return ""


def _of_headers(head: Head) -> Named:
    authorization = parse_authorization(head.headers["authorization"])
    return Named(
        secret_id=authorization.secret_id,
        signature=authorization.signature,
        timestamp=_seconds(head.headers.get("x-tc-timestamp", "")),
        action=head.headers.get("x-tc-action", ""),
        action_signed="x-tc-action" in authorization.signed_headers,
    )


def _of_pairs(head: Head, body: bytes) -> Named | None:
    pairs = peek(head.query or body, _PAIRS)
    if not all(pairs.get(name) for name in _PAIRS):
        return None
    return Named(
        secret_id=pairs["SecretId"],
        signature=bare(pairs["Signature"]),
        timestamp=_seconds(pairs["Timestamp"]),
        action=pairs["Action"],
        action_signed=True,
    )


def _seconds(text: str) -> int:
    """Read a timestamp.

    Raises:
        ValueError: it is not a whole number, or is too long.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len("9999999999")):
        raise ValueError(text[:16])
    return int(text)
