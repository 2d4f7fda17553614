"""What a CA elsewhere has published is taken only if it is what was asked for."""

from __future__ import annotations

import pytest

from certdesk.domain.pki.answers import check_offered
from certdesk.domain.validation.challenge import Challenge, ProofKind
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.record import replace

NAMES = (DomainName("example.com"), DomainName("*.example.com"), DomainName("www.example.com"))
GOOD = tuple(
    Challenge(name=name, kind=ProofKind.TXT, label="_acme-challenge", value="x" * 43)
    for name in ("example.com", "www.example.com")
)


def changed(**fields: object) -> list[Challenge]:
    """The challenges with another first one."""
    return [replace(GOOD[0], **fields), GOOD[1]]  # type: ignore[arg-type]  # its fields


def test_one_challenge_for_each_name_is_taken() -> None:
    """In any order; a name and its wildcard have one."""
    check_offered(GOOD[::-1], NAMES, "DNS")


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        (GOOD[:1], "each name must have exactly one challenge"),
        ([*GOOD, GOOD[0]], "each name must have exactly one challenge"),
        (changed(name="example.org"), "each name must have exactly one challenge"),
        (changed(kind=ProofKind.FILE), "not for DNS"),
        (changed(value="x" * 256), "too long"),
        (changed(value=""), "too long"),
        (changed(value="two words"), "printable"),
        (changed(value="line\n"), "printable"),
        (changed(value="\u00e9"), "printable"),
        (changed(label="_acme\u202e"), "printable"),
        (changed(label="www"), "something else"),
        (changed(label="*"), "something else"),
        (changed(label="_acme-challenge.shop"), "something else"),
        (changed(label="_acme..challenge"), "something else"),
        (changed(label="_" * 64), "something else"),
        (changed(label="_a" + 80 * "._a"), "something else"),
        (changed(kind=ProofKind.CNAME, value="not_a_name/"), "something else"),
    ],
)
def test_anything_else_is_not(offered: list[Challenge], told: str) -> None:
    """Nobody is told to publish it, and no page shows it."""
    with pytest.raises(ValueError, match=told):
        check_offered(offered, NAMES, "DNS")


def test_a_record_may_stand_below_the_name_or_one_that_it_is_in() -> None:
    """Below its registrable domain too, as some CAs ask; with labels of their own before it."""
    for label in ("_dnsauth", "_dnsauth.www", "_17._acme-challenge.www"):
        one = replace(GOOD[1], label=label)
        check_offered([one], NAMES[2:], "DNS")


@pytest.mark.parametrize("label", ["../admin?delete=1", "..", "a/b", "%2e%2e", ".htaccess"])
def test_a_file_stands_in_the_folder_for_proofs_alone(label: str) -> None:
    """The desk asks the customer's web server for nothing else on a CA's word."""
    offered = Challenge(name="www.example.com", kind=ProofKind.FILE, label="ab12.txt", value="x")
    check_offered([offered], NAMES[2:], "FILE")
    with pytest.raises(ValueError, match="something else"):
        check_offered([replace(offered, label=label)], NAMES[2:], "FILE")
