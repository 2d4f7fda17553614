"""Which request heads could be understood in two ways (RFC 9112, 3.2 and 6.1; RFC 9110, 5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names in lower case and values, in the order in which they came."""

MAY_REPEAT = frozenset(
    {
        b"accept",
        b"accept-charset",
        b"accept-encoding",
        b"accept-language",
        b"cache-control",
        b"connection",
        b"forwarded",
        b"if-match",
        b"if-none-match",
        b"pragma",
        b"te",  # codespell:ignore te
        b"trailer",
        b"upgrade",
        b"via",
        b"warning",
        b"x-forwarded-for",
    }
)
"""Headers whose value is a list, which may come in several lines; any other comes once.

Of two values one reader takes the first and another the last, and a signature covers one of them.
"""

_ABSOLUTE = re.compile(rb"(https?)://([^/?#@]*)/[^#]*", re.IGNORECASE)
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}


def check_head(target: bytes, headers: Headers, *, version: str, upgrade: bool) -> bool:
    """Tell whether a head can be read in one way only, and its body with it.

    `target` stands in the request line; `version` is that of HTTP; `upgrade` says whether another
    protocol is offered. The body of such a request would be lost: the parser takes all that follows
    for the other protocol.
    """
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    has_body = codings or any(name == b"content-length" for name, _ in headers)
    return (
        len(hosts) == 1
        and codings in ([], [b"chunked"])
        and not (codings and version != "1.1")
        and not (has_body and upgrade)
        and not _repeated(name for name, _ in headers)
        and _is_for(target, hosts[0])
    )


def body_length(headers: Headers) -> int | None:
    """Give the length of the body behind a head that the parser has taken; None is chunked."""
    given = dict(headers)
    return None if b"transfer-encoding" in given else int(given.get(b"content-length", 0))


def _repeated(names: Iterable[bytes]) -> bool:
    once = [name for name in names if name not in MAY_REPEAT]
    return len(set(once)) < len(once)


def _is_for(target: bytes, host: bytes) -> bool:
    """Tell whether a target is a path, `*`, or a URI whose authority is the Host as well."""
    if target.startswith(b"/") or target == b"*":
        return b"#" not in target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return False
    port = _DEFAULT_PORTS[absolute[1].lower()]
    return _authority(absolute[2], port) == _authority(host, port)


def _authority(text: bytes, port: bytes) -> bytes:
    return text.strip(b" \t").lower().removesuffix(port)
