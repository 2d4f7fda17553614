"""Settings of zones that are changed by dynamic updates: the server's address, and the key."""

from __future__ import annotations

import pytest

from certdesk.domain.values.secret import Secret
from certdesk.ports import SettingRefused
from certdesk.validation.providers.rfc2136 import Rfc2136, Rfc2136Settings

SECRET = "dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCBrZXk="
WRITTEN = f'key "desk" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'
SERVER = "192.0.2.53:53"
SETTINGS = Rfc2136Settings(
    server=SERVER,
    key_name="desk",
    algorithm="hmac-sha256",
    secret=Secret(b"thirty-two bytes of a secret key"),
)


def read(key: str = WRITTEN, server: str = SERVER) -> Rfc2136Settings:
    """Read settings as they are given."""
    return Rfc2136().settings(server=server, key=Secret(key))


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
    assert read(text) == SETTINGS


def test_a_secret_may_look_like_a_comment() -> None:
    """Base64 has slashes."""
    written = 'key "desk" { algorithm hmac-sha512; secret "//8/ab//"; }; // secret'
    assert read(written).secret == Secret(b"\xff\xff?i\xbf\xff")


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
        (WRITTEN.replace('"desk"', '"d\N{LATIN SMALL LETTER E WITH ACUTE}sk"'), "the labels of a"),
        (WRITTEN.replace(SECRET, "===="), "must be in Base64"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str, rule: str) -> None:
    """A secret with a slip in it is a secret still."""
    with pytest.raises(SettingRefused, match=rule) as refused:
        read(text)
    assert refused.value.setting == "key"
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:53", "127.0.0.1:53"), ("[0:0::1]:0853", "[::1]:853")],
)
def test_a_server_is_an_address_and_a_port(text: str, address: str) -> None:
    """In one spelling."""
    assert read(server=text).server == address


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "::1", "ns.example.com:53", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3:53"]
)
def test_what_is_no_server_is_refused(text: str) -> None:
    """A name would have to be looked up, and whoever answers that gets the updates."""
    with pytest.raises(SettingRefused, match="must be an address and a port") as refused:
        read(server=text)
    assert refused.value.setting == "server"
