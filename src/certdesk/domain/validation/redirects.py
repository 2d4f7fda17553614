"""Which redirects the desk follows while it fetches a validation file.

Sources: the vendor's guide to proof by file (two redirects, within the main domain); RFC 9110,
10.2.2 (Location) and RFC 3986 (references).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from certdesk.domain.values.names import DomainName, DomainRefused, ascii_form
from certdesk.domain.values.record import Record

FOLLOWED = (301, 302)
LIMIT = 2
"""The most redirects that are followed."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Printable ASCII without blanks, as in any URI (RFC 3986, 2). No backslash: browsers read it as a
# slash, libraries do not.
_REFERENCE = re.compile(r"[!-\[\]-~]{1,2000}", re.ASCII)


class RedirectRefused(Exception):
    """The desk does not follow a redirect; the text says why, for the owner of the website."""


class Ports(Record):
    """The ports of http and https; only tests use others than the default ones.

    Raises:
        ValueError: a number is not a port; the text says so.
    """

    http: int
    https: int

    def __post_init__(self) -> None:
        for port in (self.http, self.https):
            if not 0 < port < 1 << 16:
                raise ValueError(f"{port} is not a port")

    def of(self, scheme: str) -> int:
        """Return the port of `http` or `https`."""
        return self.https if scheme == "https" else self.http


class Target(Record):
    """What to get: `scheme` is http or https, `host` a name in ASCII, `path` includes the query.

    It has no port: each scheme has a single one (`Ports`).
    """

    scheme: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.host}{self.path}"


def follow(visited: Sequence[Target], status: int, location: str, ports: Ports) -> Target:
    """Return the target of a redirect with `status` and `location` from the last of `visited`.

    A port in the URL must be the default one of its scheme, or the one configured in its place;
    both mean the configured one.

    Raises:
        RedirectRefused: the desk does not follow.
    """
    here = visited[-1]
    if status not in FOLLOWED:
        raise RedirectRefused(f"only status 301 and 302 are followed, not {status}")
    if len(visited) > LIMIT:
        raise RedirectRefused(f"more than {LIMIT} redirects are not followed")
    parts = _split(here, location)
    target = Target(parts.scheme, _host(parts), _path(parts))
    _refuse_port(parts, ports)
    zone = DomainName(visited[0].host).registrable
    if DomainName(target.host).registrable != zone:
        raise RedirectRefused(f"{target.host} is not in the domain {zone}")
    if target in visited:
        raise RedirectRefused("the redirects form a loop")
    if (here.scheme, target.scheme) == ("https", "http"):
        raise RedirectRefused("a redirect may not lead from https back to http")
    return target


def _split(here: Target, location: str) -> SplitResult:
    if not _REFERENCE.fullmatch(location):
        raise RedirectRefused("its Location must be one URL of at most 2,000 characters")
    try:
        parts = urlsplit(location)
        if not parts.scheme:
            parts = urlsplit(urljoin(here.url, location))
    except ValueError:
        raise RedirectRefused("its Location is not a URL") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise RedirectRefused("only http and https are followed")
    if "@" in parts.netloc:
        raise RedirectRefused("a URL with a user name is not followed")
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = ascii_form(parts.hostname or "")
    except DomainRefused as refused:
        raise RedirectRefused(refused.rule) from None
    if "*" in host:
        raise RedirectRefused("a wildcard is not a host")
    return host


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _refuse_port(parts: SplitResult, ports: Ports) -> None:
    permitted = {None, _DEFAULT_PORTS[parts.scheme], ports.of(parts.scheme)}
    try:
        port = parts.port
    except ValueError:
        raise RedirectRefused("its port is not a number") from None
    if port not in permitted:
        raise RedirectRefused(f"only port {ports.of(parts.scheme)} is followed with {parts.scheme}")
