"""Zones, the addresses of their servers, and the keys that updates are signed with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from certdesk.domain.names import DomainRefused
from certdesk.domain.secret import Secret
from certdesk.domain.zones import (
    KeyRefused,
    TsigKey,
    Zone,
    outside,
    parse_key,
    server_address,
    zone_name,
    zone_of,
)

SECRET = "dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk="
WRITTEN = f'key "desk" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'
KEY = TsigKey(
    name="desk", algorithm="hmac-sha256", secret=Secret(b"thirty-two bytes of a secret key")
)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        WRITTEN.replace('"', ""),
        WRITTEN.replace("\n", "\r\n"),
        f"# desk's\n/* of\nours */ {WRITTEN} // end",
        f'KEY "Desk." {{ secret "{SECRET}"; algorithm HMAC-SHA256; }}',
    ],
)
def test_a_key_is_read_as_it_is_written(text: str) -> None:
    """In the order and spelling of whoever wrote it, with comments."""
    assert parse_key(text) == KEY


def test_a_secret_may_look_like_a_comment() -> None:
    """Base64 has slashes."""
    written = 'key "desk" { algorithm hmac-sha512; secret "//8/ab//"; }; // secret'
    assert parse_key(written).secret == Secret(b"\xff\xff?i\xbf\xff")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must be one key"),
        (SECRET, "must be one key"),
        (WRITTEN + WRITTEN, "an algorithm and a secret, and nothing else"),
        (WRITTEN.replace("algorithm hmac-sha256;", ""), "an algorithm and a secret"),
        (WRITTEN.replace("secret", "size 1;\nsecret"), "an algorithm and a secret"),
        (WRITTEN.replace("sha256", "md5"), "must be one of hmac-sha256, "),
        (WRITTEN.replace(SECRET, "no base 64"), "an algorithm and a secret"),
        (WRITTEN.replace(SECRET, "!" + SECRET), "must be in Base64"),
        (WRITTEN.replace('"desk"', '"d\N{LATIN SMALL LETTER E WITH ACUTE}sk"'), "the name of a"),
        (WRITTEN.replace(SECRET, "===="), "must be in Base64"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str, rule: str) -> None:
    """A secret with a slip in it is a secret still."""
    with pytest.raises(KeyRefused, match=rule) as refused:
        parse_key(text)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:53", "127.0.0.1:53"), ("[0:0::1]:0853", "[::1]:853")],
)
def test_a_server_is_an_address_and_a_port(text: str, address: str) -> None:
    """In one spelling."""
    assert server_address(text) == address


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "::1", "ns.example.com:53", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3:53"]
)
def test_what_is_no_server_is_refused(text: str) -> None:
    """A name would have to be looked up, and whoever answers that gets the updates."""
    with pytest.raises(ValueError, match=r"address|IPv4"):
        server_address(text)


def test_a_zone_has_one_spelling() -> None:
    """In ASCII, without the last dot."""
    assert zone_name("Bücher.Example.COM.") == "xn--bcher-kva.example.com"
    with pytest.raises(DomainRefused, match="without a wildcard"):
        zone_name("*.example.com")


def zone(name: str) -> Zone:
    """A zone by its name."""
    return Zone(
        uin="1",
        name=name,
        server="127.0.0.1:53",
        key_name="desk",
        algorithm="hmac-sha256",
        secret=b"",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_a_name_lies_in_the_innermost_zone() -> None:
    """Whole labels count."""
    zones = [zone("example.com"), zone("shop.example.com"), zone("com")]
    assert zone_of("www.shop.example.com", zones) == zones[1]
    assert zone_of("shop.example.com", zones) == zones[1]
    assert zone_of("workshop.example.com", zones) == zones[0]
    assert zone_of("example.org", zones) is None


def test_the_first_name_outside_all_zones_is_told() -> None:
    """A wildcard is proved at the name that it stands under."""
    zones = [zone("example.com")]
    assert outside(["*.example.com", "a.example.com"], zones) is None
    assert outside(["example.com", "badexample.com", "example.org"], zones) == "badexample.com"
