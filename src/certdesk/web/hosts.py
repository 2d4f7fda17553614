"""The host names that the desk answers to (`http.hosts`).

A request that was signed for another host has another Host header. So does one from a web page
whose own name was pointed at this machine (DNS rebinding).
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from certdesk.domain.values.addresses import address_in, unmapped
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import redacted_bare

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_AUTHORITY = re.compile(
    r"(?:https?://)?(?:\[(?P<literal>[^\]/]*)\]|(?P<name>[^:/\[\]@]*))(?::[0-9]*)?/?",
    re.IGNORECASE,
)
"""A Host header; tccli sends its whole endpoint, including `http://`."""


class Hosts(Record):
    """The desk's own host names."""

    names: frozenset[str] = LOOPBACK

    def allow(self, host: str, local: str) -> bool:
        """Return whether a Host names this desk; `local` is the address of the connection.

        Ports do not count: with port forwarding, a client uses another one.
        """
        name = name_in(host)
        return bool(name) and (name in self.names or name == _plain(local))


def hosts_of(listen: str, urls: Iterable[str], more: Iterable[str]) -> Hosts:
    """Return the names of a desk that listens on the host `listen` and has these URLs.

    If it listens on every address, the local address of the connection is a name too.

    Raises:
        ValueError: one of `more` is not a host name.
    """
    names = {name_in(name): name for name in more}
    if "" in names:
        raise ValueError(f"{redacted_bare(names[''])} is not the name or the address of a host")
    known = {_plain(listen), *(_plain(urlsplit(url).hostname or "") for url in urls)}
    return Hosts(LOOPBACK | names.keys() | (known - {""}))


@functools.lru_cache(maxsize=64)  # nearly every request has the same one
def name_in(host: str) -> str:
    """Return the name in a Host, in lower case and without its port; empty if it has none."""
    found = _AUTHORITY.fullmatch(host.strip(" \t"))
    return _plain(found["literal"] or found["name"] or "") if found else ""


def _plain(name: str) -> str:
    """Return the normalised form of a name or an address."""
    address = address_in(name)
    return str(unmapped(address)) if address else name.lower().removesuffix(".")
