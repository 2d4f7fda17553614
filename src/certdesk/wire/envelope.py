"""The envelope of an answer: compact JSON with one member, `Response`.

Compact, because shell clients look for `"Message":"` without a blank. RequestId stands in every
answer, as the official Python client breaks on an error without one.
"""

from __future__ import annotations

import msgspec

from certdesk.domain.errors import ServiceError
from certdesk.wire.model import Reply


def success(reply: Reply, request_id: str) -> bytes:
    """Write a reply; members that are None are sent as null. UTF-8."""
    return _envelope(msgspec.to_builtins(reply), request_id)


def failure(error: ServiceError, request_id: str, language: str = "") -> bytes:
    """Write a refusal: its code, and its message in the language asked for. UTF-8."""
    message = error.in_language(language)
    return _envelope({"Error": {"Code": error.code, "Message": message}}, request_id)


def _envelope(members: dict[str, object], request_id: str) -> bytes:
    """Put the members of a response and its RequestId into the envelope."""
    return msgspec.json.encode({"Response": {**members, "RequestId": request_id}})
