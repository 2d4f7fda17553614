"""The envelope of an answer: compact JSON with one member, `Response`.

Compact, because shell clients search for `"Message":"` without a blank. RequestId is in every
answer, because the official Python client fails on an error without one.
"""

from __future__ import annotations

import msgspec

from certdesk.domain.errors import ServiceError
from certdesk.wire.model import Reply


def success(reply: Reply, request_id: str) -> bytes:
    """Return a reply in its envelope, in UTF-8; members that are None are sent as null."""
    return _envelope(msgspec.json.encode(reply), request_id)


def failure(error: ServiceError, request_id: str, language: str = "") -> bytes:
    """Return a refusal in its envelope, in UTF-8: code, and message in the language asked for."""
    message = error.in_language(language)
    members = {"Error": {"Code": error.code, "Message": message}}
    return _envelope(msgspec.json.encode(members), request_id)


def _envelope(members: bytes, request_id: str) -> bytes:
    """Return the members of a response, a JSON object, and its RequestId in the envelope."""
    more = b"," if members != b"{}" else b""
    its_id = msgspec.json.encode(request_id)
    return b'{"Response":' + members[:-1] + more + b'"RequestId":' + its_id + b"}}"
