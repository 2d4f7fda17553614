"""The detection of ambiguous request heads (RFC 9112, 3.2 and 6.1; RFC 9110, 5.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names in lower case and values, in the order of arrival."""

VERSIONS = ("1.0", "1.1")

MAY_REPEAT = frozenset(
    {
        b"accept",
        b"accept-charset",
        b"accept-encoding",
        b"accept-language",
        b"baggage",
        b"cache-control",
        b"cache-status",
        b"cdn-loop",
        b"connection",
        b"forwarded",
        b"if-match",
        b"if-none-match",
        b"link",
        b"pragma",
        b"prefer",
        b"priority",
        b"te",  # codespell:ignore te
        b"tracestate",
        b"trailer",
        b"upgrade",
        b"via",
        b"warning",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
    }
)
"""Headers whose value is a list, which may be repeated; any other occurs once.

Given two values, some readers take the first and others the last, and a signature covers only one.
"""

_ABSOLUTE = re.compile(rb"(https?)://([^/?#@]*)/[^#]*", re.IGNORECASE)
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}


def check_head(target: bytes, headers: Headers, *, version: str) -> bool:
    """Return whether a head, and so its body, can be read in one way only.

    `target` is that of the request line; `version` is that of HTTP. An HTTP/1.0 request may have no
    Host, and then its target names no host either.
    """
    names = [name for name, _ in headers]
    if version not in VERSIONS or _repeated(names):
        return False
    given = dict(headers)
    coding = given.get(b"transfer-encoding")
    if b"host" not in given and (version == "1.1" or not target.startswith(b"/")):
        return False
    return (coding is None or (coding.lower() == b"chunked" and version == "1.1")) and _is_for(
        target, given.get(b"host", b"")
    )


def body_length(headers: Headers) -> int | None:
    """Return the length of the body after a head that the parser accepted; None is chunked."""
    given = dict(headers)
    return None if b"transfer-encoding" in given else int(given.get(b"content-length", 0))


def _repeated(names: list[bytes]) -> bool:
    if len(set(names)) == len(names):
        return False
    once = [name for name in names if name not in MAY_REPEAT]
    return len(set(once)) < len(once)


def _is_for(target: bytes, host: bytes) -> bool:
    """Return whether a target is a path, `*`, or a URI whose authority equals the Host."""
    if target.startswith(b"/") or target == b"*":
        return b"#" not in target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return False
    port = _DEFAULT_PORTS[absolute[1].lower()]
    return _authority(absolute[2], port) == _authority(host, port)


def _authority(text: bytes, port: bytes) -> bytes:
    return text.strip(b" \t").lower().removesuffix(port)
