"""Uploaded certificates whose names are no domain names: nothing trips over them later."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from certdesk.bootstrap import actions
from certdesk.catalog import Action
from certdesk.domain.errors import InternalError, ServiceError
from certdesk.domain.values import keys as keypairs
from certdesk.domain.values.keys import KeyKind
from certdesk.engine import OPERATOR, Caller
from tests import chains
from tests.conformance.shapes import declared
from tests.inside import InsideDesk

KEY = chains.key_of(KeyKind.P_256)
BY_ID = frozenset(
    {
        "CertificateId",
        "CertId",
        "CertificateIds",
        "CertificateIdList",
        "CertIds",
        "OldCertificateId",
    }
)
RIGHT = {"string": "x", "int64": 1, "uint64": 1, "bool": True, "list": []}
LISTS = ("DescribeCertificates", "DescribeCertificateOperateLogs")
OPERATORS_LISTS = ("ListOrders", "ListReviews", "Examine")

DNS = x509.DNSName._init_without_validation  # noqa: SLF001 -- to write what it would refuse
ODD: dict[str, tuple[str | None, Sequence[x509.GeneralName]]] = {
    "an IPv4 address": ("192.0.2.1", [x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]),
    "an IPv6 address alone": (None, [x509.IPAddress(ipaddress.ip_address("2001:db8::1"))]),
    "an e-mail address": ("ada@example.com", [x509.RFC822Name("ada@example.com")]),
    "a URI": ("urn:x", [x509.UniformResourceIdentifier("https://example.com/")]),
    "a person": ("Ada Person", []),
    "an underscore": ("under_score.example.com", [DNS("under_score.example.com")]),
    "a dot at the end": ("example.com.", [DNS("example.com.")]),
    "a dot alone": (".", [DNS(".")]),
    "an empty label": ("a..example.com", [DNS("a..example.com")]),
    "a wildcard in the middle": ("a.*.example.com", [DNS("a.*.example.com")]),
    "a wildcard alone": ("*", [DNS("*")]),
    "a wildcard of a suffix": ("*.com", [DNS("*.com")]),
    "one label": ("localhost", [DNS("localhost")]),
    "a number": ("127.1", [DNS("127.1")]),
    "another script": ("例え.テスト", [DNS("例え.テスト")]),
    "no good A-label": ("xn--zz--.example", [DNS("xn--zz--.example")]),
    "capitals and blanks": (" Example.COM ", [DNS("Example.COM")]),
    "300 characters": (None, [DNS("a" * 60 + ("." + "b" * 59) * 4)]),
    "300 characters in one label": (None, [DNS("a" * 300)]),
    "no name": (None, []),
    "an empty name": (None, [DNS("")]),
    "markup": ("[/x]", [DNS("[/x]")]),
    "what nobody can see": ("\u2800", [DNS("\u200b")]),
    "what a terminal obeys": ("\x1b[2J", [DNS("\x1b[2J")]),
    "text that is no UTF-8": ("name\ufffd", [DNS("example.com")]),
}


def made(common_name: str | None, names: Sequence[x509.GeneralName]) -> x509.Certificate:
    """Make a certificate with names that a careful CA would not certify."""
    basic: list[x509.ExtensionType] = [x509.BasicConstraints(ca=False, path_length=None)]
    if names:
        basic.append(x509.SubjectAlternativeName(names))
    return chains.certify(
        KEY.public_key(),
        chains.named(common_name) if common_name else x509.Name([]),
        issuer=chains.intermediate().certificate.subject,
        signing_key=chains.intermediate().key,
        extensions=basic,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[InsideDesk]:
    """A desk, all in one process."""
    with InsideDesk(tmp_path) as opened:
        yield opened


def requests(action: Action, certificate_id: str) -> dict[str, object] | None:
    """Give parameters that name a certificate, and what is required beside it."""
    shape = declared(action.request)
    its = [name for name in BY_ID if name in shape]
    if not its and action.name not in (*LISTS, *OPERATORS_LISTS):
        return None
    needed = {
        name: RIGHT[member.kind]
        for name, member in shape.items()
        if member.required and name.isalnum()
    }
    given = {
        name: [certificate_id] if shape[name].kind == "list" else certificate_id for name in its
    }
    if action.name == "ApplyCertificate":
        given |= {"DvAuthMethod": "DNS", "DomainName": "example.com"}
    return needed | given


def ask(desk: InsideDesk, caller: Caller, action: str, **given: object) -> dict[str, Any] | None:
    """Carry an action out; None where it refuses with an error that it declares."""
    try:
        return desk.call(caller, action, **given)
    except InternalError:
        raise
    except ServiceError:
        return None


def upload(desk: InsideDesk, caller: Caller, odd: str) -> str | None:
    """Upload an odd certificate; give its id, or None where it is refused."""
    leaf = chains.der(made(*ODD[odd]))
    if odd == "text that is no UTF-8":
        leaf = leaf.replace("name\ufffd".encode(), b"name\xff\xfe\xfd")
    reply = ask(
        desk,
        caller,
        "UploadCertificate",
        CertificatePublicKey=chains.pem(x509.load_der_x509_certificate(leaf)),
        CertificatePrivateKey=keypairs.private_key_pem(KEY).decode(),
    )
    return str(reply["CertificateId"]) if reply else None


@pytest.mark.parametrize("odd", ODD)
def test_no_action_trips_over_an_uploaded_certificate(desk: InsideDesk, odd: str) -> None:
    """Each that takes an id or lists orders answers, or refuses with an error that it declares."""
    caller = desk.account()
    certificate_id = upload(desk, caller, odd)
    if certificate_id is None:
        return
    asked = 0
    for action in sorted(actions(), key=lambda each: each.name.startswith(("Delete", "Move"))):
        given = requests(action, certificate_id)
        if given is not None:
            asked += 1
            ask(desk, OPERATOR if action.internal else caller, action.name, **given)
    assert asked > 30


def test_most_of_them_are_taken(desk: InsideDesk) -> None:
    """Else the test above would say little."""
    caller = desk.account()
    taken = [odd for odd in ODD if upload(desk, caller, odd)]
    assert len(taken) > len(ODD) / 2
