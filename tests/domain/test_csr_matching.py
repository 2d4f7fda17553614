"""Certificate signing requests: matched to an order, and built."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.pki import csr
from certdesk.domain.values import keys
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.subject import Subject
from tests.domain.csr_texts import (
    KEY,
    common_name,
    dns,
    domain,
    information,
    request,
    rsa_key,
    signed,
)

# --- matching ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "ordered"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com", "example.com"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("BÜCHER.DE", "bücher.de"),
        ("xn--bcher-kva.de", "bücher.de"),
        ("*.example.com", "*.example.com"),
        ("*.bücher.de", "*.bücher.de"),
    ],
)
def test_a_common_name_matches_in_any_spelling(asked: str, ordered: str) -> None:
    """Case and U-labels are spelling."""
    read = csr.parse(request(subject=((NameOID.COMMON_NAME, asked),)))
    csr.match(read, domain(ordered), [])


def test_a_common_name_of_an_internal_name_matches_too() -> None:
    """Which names may be ordered is not asked again here."""
    name = DomainName.parse("www.test", internal_suffixes=frozenset({"test"}))
    csr.match(csr.parse(request(subject=((NameOID.COMMON_NAME, "WWW.test"),))), name, [])


def test_fewer_names_than_ordered_match() -> None:
    """The certificate gets the ordered names in any case."""
    ordered = [domain("www.example.com"), domain("mail.example.com")]
    csr.match(csr.parse(request(*dns("WWW.example.com"))), domain("example.com"), ordered)
    csr.match(csr.parse(request(*dns("example.com"))), domain("example.com"), [])
    csr.match(csr.parse(request(subject=())), domain("example.com"), [])


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("example.org", '"example.org"'),
        ("www.example.com", '"www.example.com"'),
        ("*.example.com", '"*.example.com"'),
        ("example.com.", '"example.com."'),
        ("example.com ", '"example.com "'),
        ("Example Ltd", '"Example Ltd"'),
        ("a\r\nSet-Cookie: x", r'"a\r\nSet-Cookie: x"'),
        ("a\u202emoc.elpmaxe", r'"a\u202emoc.elpmaxe"'),
        ("\x00" * 30, '"' + r"\x00" * 16 + '"'),
    ],
)
def test_another_common_name_is_refused_and_shown_safely(asked: str, shown: str) -> None:
    """Nothing of the request can break a line, hide, or run on in a message."""
    read = csr.parse(request(subject=((NameOID.COMMON_NAME, asked),)))
    with pytest.raises(csr.CsrRefused) as refused:
        csr.match(read, domain("example.com"), [])
    assert refused.value.rule == f"the common name of the CSR is {shown}, not example.com"


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_common_name_of_a_forbidden_length_is_read_and_matches_nothing() -> None:
    """The library only warns of lengths outside X.520; a domain name has neither."""
    long = csr.parse(signed(information(subject=common_name(b"a" * 61 + b".com"))))
    with pytest.raises(csr.CsrRefused, match="not example"):
        csr.match(long, domain("example.com"), [])
    read = csr.parse(signed(information(subject=common_name(b""))))
    with pytest.raises(csr.CsrRefused, match='is "", not example'):
        csr.match(read, domain("example.com"), [])


@pytest.mark.parametrize(
    "asked",
    ["www.example.org", "a.www.example.com", "*.example.com", "example.com.", "*.www.example.com"],
)
def test_a_name_that_was_not_ordered_is_refused(asked: str) -> None:
    """A wildcard covers only itself here, and so does a plain name."""
    read = csr.parse(request(*dns("www.example.com", asked)))
    with pytest.raises(csr.CsrRefused) as refused:
        csr.match(read, domain("example.com"), [domain("www.example.com")])
    rule = f'the CSR asks for "{asked}", which is not among the ordered names'
    assert refused.value.rule == rule


def test_a_name_under_an_ordered_wildcard_is_not_ordered() -> None:
    """The order lists names, not zones."""
    read = csr.parse(request(*dns("www.example.com"), subject=()))
    with pytest.raises(csr.CsrRefused, match=r"www\.example\.com"):
        csr.match(read, domain("*.example.com"), [])


# --- building -----------------------------------------------------------------------------------

FULL = Subject(country="CN", region="湖南省", locality="长沙市", organisation="Example Ltd")


@pytest.mark.parametrize("key", [KEY, rsa_key()], ids=["P-256", "RSA"])
def test_a_built_request_is_read_again_and_matches(key: keys.PrivateKey) -> None:
    """What is written here is accepted here, with the common name first."""
    name = domain("*.bücher.de")
    ordered = [domain("bücher.de"), domain("*.bücher.de"), domain("example.com")]
    read = csr.parse(csr.build(key, name, ordered, FULL))
    assert read.common_name == "*.xn--bcher-kva.de"
    assert read.dns_names == ("*.xn--bcher-kva.de", "xn--bcher-kva.de", "example.com")
    assert read.spki_sha256 == keys.spki_sha256(key.public_key())
    csr.match(read, name, ordered)


def test_a_built_request_has_the_subject_and_nothing_more() -> None:
    """C, ST, L, O and CN in this order; no OU; SHA-256."""
    text = csr.build(KEY, domain("example.com"), [], FULL)
    built = x509.load_pem_x509_csr(text.encode())
    assert [(part.oid, part.value) for part in built.subject] == [
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.STATE_OR_PROVINCE_NAME, "湖南省"),
        (NameOID.LOCALITY_NAME, "长沙市"),
        (NameOID.ORGANIZATION_NAME, "Example Ltd"),
        (NameOID.COMMON_NAME, "example.com"),
    ]
    assert isinstance(built.signature_hash_algorithm, hashes.SHA256)
    assert [found.oid for found in built.extensions] == [x509.SubjectAlternativeName.oid]


def test_blanks_around_a_part_of_the_subject_are_not_signed() -> None:
    """They were typed by mistake; those within a name stay."""
    subject = Subject(region=" \t", organisation="  Example  Ltd \u3000")
    built = x509.load_pem_x509_csr(csr.build(KEY, domain("example.com"), [], subject).encode())
    assert [part.value for part in built.subject] == ["Example  Ltd", "example.com"]


def test_parts_of_the_subject_may_be_left_out() -> None:
    """A request for a domain-validated certificate has the common name alone."""
    for subject in (Subject(), Subject(country="", organisation="")):
        built = x509.load_pem_x509_csr(csr.build(KEY, domain("example.com"), [], subject).encode())
        assert [part.value for part in built.subject] == ["example.com"]


@pytest.mark.parametrize(
    ("subject", "rule"),
    [
        (Subject(country="China"), "the country must be two capital letters"),
        (Subject(country="cn"), "the country must be two capital letters"),
        (Subject(country="é"), "the country must be two capital letters"),
        (Subject(country="C\n"), "the country must be two capital letters"),
        (
            Subject(region="r" * 129),
            "the region may have at most 128 characters in a certificate",
        ),
        (
            Subject(locality="l" * 129),
            "the locality may have at most 128 characters in a certificate",
        ),
        (
            Subject(organisation="o" * 65),
            "the organisation may have at most 64 characters in a certificate",
        ),
        (Subject(organisation="\ud800"), "the subject cannot be written into a CSR"),
    ],
)
def test_a_subject_that_does_not_fit_is_refused(subject: Subject, rule: str) -> None:
    """X.520 upper bounds; characters are counted, not bytes."""
    with pytest.raises(csr.CsrRefused) as refused:
        csr.build(KEY, domain("example.com"), [], subject)
    assert refused.value.rule == rule


def test_the_longest_subject_fits() -> None:
    """64 characters of three bytes each for an organisation, and so on."""
    subject = Subject(country="CN", region="省" * 128, locality="市" * 128, organisation="公" * 64)
    name = domain(f"{'a' * 60}.com")
    assert csr.parse(csr.build(KEY, name, [], subject)).common_name == name.ascii


@given(st.text(max_size=140))
def test_any_text_in_a_subject_is_written_or_refused(text: str) -> None:
    """The caller has no more to check than it wishes to word itself."""
    subject = Subject(region=text, locality=text, organisation=text)
    with suppress(csr.CsrRefused):
        built = csr.build(KEY, domain("example.com"), [], subject)
        assert csr.parse(built).common_name == "example.com"
