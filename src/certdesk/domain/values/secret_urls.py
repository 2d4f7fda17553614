"""URLs as they may be shown and stored: without the secrets in them."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

SECRET_FIELDS = frozenset(
    {
        "password",
        "sslpassword",
        "oauth_client_secret",
        "scram_client_key",
        "scram_server_key",
        "passfile",
    }
)
"""Fields of a PostgreSQL URL's query that are secret, or name the file that has the secret."""

MASK = "***"

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/]*@")
# The driver takes everything up to the first @ for the password, including a slash and a ?.
_DATABASE_PASSWORD = re.compile(r"^(postgresql[^:/]*://[^/@:]*:)[^@]*@(?:[^?@]*@)*")


def without_secrets(url: str) -> str:
    """Return a URL, or any other text, with its password and its secret fields masked."""
    shown = _DATABASE_PASSWORD.sub(rf"\1{MASK}@", url)
    if shown == url:
        shown = _PASSWORD.sub(rf"\1{MASK}@", url)
    if "://" not in shown:
        return shown
    address, mark, query = shown.partition("?")
    return address + mark + "&".join(map(_masked, query.split("&")))


def _masked(field: str) -> str:
    name, equals, value = field.partition("=")
    secret = unquote_plus(name).strip().lower() in SECRET_FIELDS
    return f"{name}={MASK}" if equals and value and secret else field
