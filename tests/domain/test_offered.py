"""What a CA elsewhere has published is taken only if it is what was asked for."""

from __future__ import annotations

import dataclasses

import pytest

from certdesk.domain.validation.challenge import Challenge, ProofKind, check_offered
from certdesk.domain.values.names import DomainName

NAMES = (DomainName("example.com"), DomainName("*.example.com"), DomainName("www.example.com"))
GOOD = tuple(
    Challenge(name=name, kind=ProofKind.TXT, label="_acme-challenge", value="x" * 43)
    for name in ("example.com", "www.example.com")
)


def changed(**fields: object) -> list[Challenge]:
    """The challenges with another first one."""
    return [dataclasses.replace(GOOD[0], **fields), GOOD[1]]  # type: ignore[arg-type]  # its fields


def test_one_challenge_for_each_name_is_taken() -> None:
    """In any order; a name and its wildcard have one."""
    check_offered(GOOD[::-1], NAMES, "DNS")


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (GOOD[:1], "not one challenge for each name"),
        ([*GOOD, GOOD[0]], "not one challenge for each name"),
        (changed(name="example.org"), "not one challenge for each name"),
        (changed(kind=ProofKind.FILE), "no DNS challenge"),
        (changed(value="x" * 256), "too long"),
        (changed(value=""), "too long"),
        (changed(value="two words"), "printable"),
        (changed(value="line\n"), "printable"),
        (changed(value="\u00e9"), "printable"),
        (changed(label="_acme\u202e"), "printable"),
    ],
)
def test_anything_else_is_not(offered: list[Challenge], told: str) -> None:
    """Nobody is told to publish it, and no page shows it."""
    with pytest.raises(ValueError, match=told):
        check_offered(offered, NAMES, "DNS")
