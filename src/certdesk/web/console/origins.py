"""The origin that a person's browser has to use, and what its cookie is called there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from certdesk.domain.values.record import Record
from certdesk.web.hosts import LOOPBACK, name_in

COOKIE = "__Host-certdesk"
"""Browsers take a cookie with this prefix only over TLS, from this very host, for all paths."""


_PORT = re.compile(r":([0-9]{1,5})/?$")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origin(Record):
    """An origin such as `https://ssl.example.com`, in the form that browsers send."""

    text: str

    @property
    def is_secure(self) -> bool:
        """Whether it has TLS."""
        return self.text.startswith("https:")

    @property
    def host(self) -> str:
        """The name of the host."""
        return name_in(self.text)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine and without TLS."""
        return not self.is_secure and self.host in LOOPBACK

    @property
    def is_usable(self) -> bool:
        """Whether a password may be typed there: it has TLS, or it does not leave the machine."""
        return self.is_secure or self.is_local

    @property
    def cookie(self) -> str:
        """The name of the cookie.

        Cookies are not kept apart by ports, so without the prefix the port is in the name.
        """
        return COOKIE if self.is_secure else f"certdesk-{_port_in(self.text) or '80'}"


def origin_of(public_url: str, *, tls: bool, host: str) -> Origin:
    """Return the origin of the console for a request with this Host.

    It is that of `http.public_url`; without that, the Host that the request names, which the desk
    has found to be its own. On loopback it is `localhost`, the name that passkeys need.
    """
    if public_url:
        parts = urlsplit(public_url.lower())
        return _origin(parts.scheme, parts.hostname or "", str(parts.port or ""))
    scheme, name = "https" if tls else "http", name_in(host)
    if not tls and name in LOOPBACK:
        name = "localhost"
    return _origin(scheme, name, _port_in(host))


def _origin(scheme: str, name: str, port: str) -> Origin:
    host = f"[{name}]" if ":" in name else name
    has_port = port not in ("", _DEFAULT_PORTS.get(scheme))
    return Origin(f"{scheme}://{host}:{port}" if has_port else f"{scheme}://{host}")


def _port_in(host: str) -> str:
    found = _PORT.search(host)
    return found[1] if found else ""
