"""DNS zones in which the desk may add records for an account, and the keys that it signs with.

Sources: RFC 2136 (dynamic updates), RFC 8945 (TSIG).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from certdesk.domain.names import DomainRefused, ascii_form
from certdesk.domain.secret import Secret
from certdesk.domain.words import Code

DNS_AUTO = "DNS_AUTO"
"""How names are proved by records that the desk adds by itself (VerifyType and its likes)."""

ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224")
"""Those of RFC 8945 that are not too weak for new keys."""

# What stands in quotation marks is none: Base64 has two slashes now and then.
# Both go to the end of the text where they do not end before.
_COMMENT = re.compile(r'("[^"]*"?)|/\*.*?(?:\*/|\Z)|//[^\n]*|#[^\n]*', re.DOTALL)
_KEY = re.compile(r'key\s+"?([^\s"{};]+)"?\s*\{(.*)\}\s*;?', re.DOTALL | re.IGNORECASE)
_ITEM = re.compile(r'(algorithm|secret)\s+"?([^\s";]+)"?', re.IGNORECASE)
_KEY_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_SERVER = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", re.ASCII | re.IGNORECASE)
_PORTS = range(1, 1 << 16)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TsigKey:
    """A key that updates are signed with: `secret` is its bytes, `algorithm` one of ours."""

    name: str
    algorithm: str
    secret: Secret


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenZone:
    """A zone as it is changed: `name` in ASCII, `server` as `127.0.0.1:53` or `[::1]:53`."""

    name: str
    server: str
    key: TsigKey


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone that an operator gave an account, as it is kept; `secret` is sealed."""

    uin: Code
    name: Code
    server: Code
    key_name: Code
    algorithm: Code
    secret: bytes
    created_at: datetime
    version: int = 1


class KeyRefused(ValueError):
    """A text is no key; what is said of it shows nothing of the text."""


def parse_key(text: str) -> TsigKey:
    """Read a TSIG key as `tsig-keygen` writes it: `key "name" { algorithm …; secret "…"; };`.

    Raises:
        KeyRefused: it is none.
    """
    whole = _KEY.fullmatch(_COMMENT.sub(r"\1", text).strip())
    if whole is None:
        raise KeyRefused('must be one key, as key "name" { algorithm hmac-sha256; secret "…"; };')
    *items, rest = map(str.strip, whole[2].split(";"))
    found = [_ITEM.fullmatch(item) for item in items]
    given = {item[1].lower(): item[2] for item in found if item}
    if rest or not all(found) or given.keys() != {"algorithm", "secret"}:
        raise KeyRefused("a key has an algorithm and a secret, and nothing else")
    algorithm = given["algorithm"].lower().removesuffix(".")
    if algorithm not in ALGORITHMS:
        raise KeyRefused(f"the algorithm must be one of {', '.join(ALGORITHMS)}")
    return TsigKey(name=_key_name(whole[1]), algorithm=algorithm, secret=_bytes(given["secret"]))


def _key_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    if not _KEY_NAME.fullmatch(name):
        raise KeyRefused("the name of a key has labels of letters, digits, hyphens and underscores")
    return name


def _bytes(text: str) -> Secret:
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused("the secret must be in Base64") from None
    if not secret:
        raise KeyRefused("the secret is empty")
    return Secret(secret)


def zone_name(text: str) -> str:
    """Bring the name of a zone into its normal form, lower case and in ASCII.

    Raises:
        DomainRefused: it is none.
    """
    name = ascii_form(text.removesuffix("."))
    if name.startswith("*."):
        raise DomainRefused(text, "a zone stands without a wildcard")
    return name


def server_address(text: str) -> str:
    """Bring the address of a server into its normal form.

    Raises:
        ValueError: it is none; names are not, as there is nobody to ask where they lead.
    """
    match = _SERVER.fullmatch(text)
    if match is None or int(match[3]) not in _PORTS:
        raise ValueError("must be an address and a port, as 127.0.0.1:53 or [::1]:53")
    address = ipaddress.ip_address(match[1] or match[2])
    host = f"[{address}]" if address.version == 6 else f"{address}"  # noqa: PLR2004 - IPv6
    return f"{host}:{int(match[3])}"


def zone_of(name: str, zones: Iterable[Zone]) -> Zone | None:
    """Give the zone that a name (in ASCII) lies in: the innermost, None where it is in none."""
    around = [zone for zone in zones if name == zone.name or name.endswith(f".{zone.name}")]
    return max(around, key=lambda zone: len(zone.name), default=None)


def outside(names: Iterable[str], zones: Sequence[Zone]) -> str | None:
    """Give the first of the ordered names (in ASCII) that lies in none of the zones, if any."""
    return next((name for name in names if zone_of(name.removeprefix("*."), zones) is None), None)
