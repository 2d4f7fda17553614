"""Heads that two readers could understand differently, whatever the header."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certdesk
from certdesk.web.connections.heads import MAY_REPEAT, check_head

HOST = (b"host", b"desk.example")
TOKENS = st.from_regex(rb"[a-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True)


def is_taken(*headers: tuple[bytes, bytes], target: bytes = b"/") -> bool:
    """Tell whether a head with these headers is taken."""
    return check_head(target, [HOST, *headers], version="1.1")


@given(TOKENS, st.binary(max_size=5), st.binary(max_size=5))
def test_no_header_but_a_list_comes_twice(name: bytes, one: bytes, other: bytes) -> None:
    """Whatever its name and its values are."""
    lists = name in MAY_REPEAT
    assert is_taken((name, one), (b"x-between", b""), (name, other)) == lists


def test_every_header_that_is_read_is_single_or_a_list_by_its_definition() -> None:
    """None of those that decide anything may come twice, but for the list of a proxy's hops."""
    source = Path(certdesk.__file__).parent / "web"
    texts = [file.read_text() for file in source.rglob("*.py") if file.name != "heads.py"]
    names = {
        name.encode()
        for text in texts
        for name in re.findall(r'headers(?:\.get\(|\[)"([a-z0-9-]+)"', text)
        + re.findall(r'"([a-z0-9-]+)" in (?:\w+\.)?headers', text)
    }
    assert {b"authorization", b"content-encoding", b"x-tc-action"} <= names
    # For the log alone: what a proxy says of the Host that it changed.
    assert names & MAY_REPEAT == {b"x-forwarded-host"}


@pytest.mark.parametrize(
    "target", [b"*", b"/", b"/?a=b", b"//desk.example/", b"http://desk.example/"]
)
def test_a_target_of_this_host_is_taken(target: bytes) -> None:
    """A path, or a URI that says the same as Host."""
    assert is_taken(target=target)


@given(st.from_regex(rb"[a-z0-9.:@%-]{0,20}", fullmatch=True))
def test_an_absolute_target_says_what_host_says(authority: bytes) -> None:
    """Any other authority is refused (RFC 9112, 3.2.2)."""
    is_ours = authority in (b"desk.example", b"desk.example:80")
    assert is_taken(target=b"http://" + authority + b"/") == is_ours
