"""Everything that the private CA signs, in the eyes of pkilint and OpenSSL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certdesk.domain.pki.authority import PLANS, Rank, own_hash
from certdesk.domain.pki.crl import Revoked, builder, next_edition
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.subject import Registration
from tests import chains
from tests.issuing import Course, asked, issue
from tests.linting import CaKind, certificate_errors, crl_errors, leaf_errors
from tests.privateca import NOON, InsideCa
from tests.programs import run

KEYS: dict[str, PrivateKey] = {
    "RSA": rsa.generate_private_key(65537, 2048),
    "ECC": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
}
SIGNING = [name for name, plan in PLANS.items() if plan.key_of is None]
EV_SUBJECT = (
    "businessCategory=Private Organization,jurisdictionC=GB,jurisdictionST=Oxfordshire,"
    "serialNumber=01234567,C=GB,ST=Oxfordshire,L=Oxford,O=Example Ltd,CN=www.example.com"
)
REGISTERED = Registration(number="01234567", country="GB", region="Oxfordshire")

each_level = pytest.mark.parametrize("level", Level)
each_key = pytest.mark.parametrize("key", KEYS.values(), ids=list(KEYS))
each_hash = pytest.mark.parametrize("hash_name", ["SHA256", "SHA384", "SHA512"])
openssl = pytest.mark.needs("openssl")


def issued(ca: InsideCa, level: Level = Level.DV, **others: Any) -> Course:  # noqa: ANN401 -- fields
    """Have a certificate issued for two names, one a wildcard where the level has any."""
    names = ["www.example.com", "example.com" if level is Level.EV else "*.example.com"]
    registration = REGISTERED if level is Level.EV else None
    return issue(ca.issuer, asked(NOON, *names, level=level, registration=registration, **others))


@each_level
@each_key
@each_hash
def test_a_certificate_breaks_no_rule_for_public_cas(
    whole: InsideCa, level: Level, key: PrivateKey, hash_name: str
) -> None:
    """Of any level, for any key, with any hash; but for the trust, of course."""
    course = issued(whole, level, key=key, hash_name=hash_name)

    assert leaf_errors(course.issued.leaf, level.value) == []


def test_the_linter_finds_what_is_wrong(whole: InsideCa) -> None:
    """A certificate that has been made badly is seen to be bad."""
    leaf = issued(whole, Level.OV).leaf
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "R&D")
    bad = chains.certify(
        leaf.public_key(),
        x509.Name([*leaf.subject, unit]),
        issuer=leaf.issuer,
        signing_key=chains.root().key,
        extensions=(),
    )

    found = " ".join(leaf_errors(bad.public_bytes(Encoding.DER), "OV"))
    assert "organizational_unit_name" in found
    assert "validity_period_exceeds" in found


@pytest.mark.parametrize("name", PLANS)
def test_an_authority_breaks_no_rule_for_public_cas(whole: InsideCa, name: str) -> None:
    """Roots, issuing and cross-signed ones."""
    published = whole.pki.certificate(name)
    assert published is not None

    assert certificate_errors(published, CaKind[PLANS[name].rank.name].value) == []


@pytest.mark.parametrize("name", SIGNING)
def test_a_crl_breaks_no_rule_for_public_cas(whole: InsideCa, name: str) -> None:
    """Of every authority that has a key."""
    crl = whole.pki.crl(name)
    assert crl is not None

    assert crl_errors(crl, of_authorities=PLANS[name].rank is Rank.ROOT) == []


def test_a_crl_with_entries_breaks_no_rule_for_public_cas(whole: InsideCa) -> None:
    """With and without a reason; the reason `unspecified` is not written."""
    hierarchy = whole.parts.hierarchy
    signer, key = hierarchy.certificate("ecc-issuing"), hierarchy.key("ecc-issuing")
    at = NOON - timedelta(hours=1)
    revoked = [
        Revoked(serial=1 << 100, revoked_at=at),
        Revoked(serial=2 << 100, revoked_at=at, reason=x509.ReasonFlags.key_compromise),
        Revoked(serial=3 << 100, revoked_at=at, reason=x509.ReasonFlags.unspecified),
    ]
    written = builder(next_edition(None, NOON), signer, revoked)
    crl = written.sign(key, own_hash(key.public_key()))

    assert crl_errors(crl.public_bytes(Encoding.DER), of_authorities=False) == []
    assert [len(entry.extensions) for entry in crl] == [0, 1, 0]


@openssl
@each_key
@each_hash
@pytest.mark.parametrize("cross", [False, True], ids=["own root", "older root"])
def test_a_chain_leads_to_its_root_and_the_crls_know_of_no_harm(
    whole: InsideCa, tmp_path: Path, key: PrivateKey, hash_name: str, *, cross: bool
) -> None:
    """Strictly, for the name, for servers, and with every list at hand."""
    course = issued(whole, key=key, hash_name=hash_name, cross_sign=cross)
    leaf, *chain, root = course.path
    files = {"leaf": [leaf], "chain": chain, "root": [root]}
    for name, parts in files.items():
        (tmp_path / name).write_bytes(b"".join(part.public_bytes(Encoding.PEM) for part in parts))
    lists = [whole.pki.crl(name) for name in SIGNING]
    crls = [x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in lists if der]
    (tmp_path / "crls").write_bytes(b"".join(crls))

    words = ["verify", "-x509_strict", "-purpose", "sslserver", "-crl_check_all"]
    words += ["-attime", str(int(NOON.timestamp())), "-verify_hostname", "any.example.com"]
    words += ["-CAfile", str(tmp_path / "root"), "-untrusted", str(tmp_path / "chain")]
    words += ["-CRLfile", str(tmp_path / "crls")]

    assert len(chain) == (2 if cross else 1)
    assert "leaf: OK" in run("openssl", *words, tmp_path / "leaf")
    assert leaf.signature_hash_algorithm is not None
    assert leaf.signature_hash_algorithm.name == hash_name.lower()


def test_the_cross_signed_root_stands_for_the_root_itself(whole: InsideCa) -> None:
    """Same name and same key, so that either chain fits below it; signed by the older one."""
    hierarchy = whole.parts.hierarchy
    for cross, root in (("rsa-cross", "rsa-root"), ("ecc-cross", "ecc-root")):
        one, other = hierarchy.certificate(cross), hierarchy.certificate(root)
        assert (one.subject, one.public_key()) == (other.subject, other.public_key())
        one.verify_directly_issued_by(hierarchy.certificate("older-root"))


@openssl
@pytest.mark.parametrize(
    ("level", "subject"),
    [
        (Level.DV, "CN=www.example.com"),
        (Level.OV, "C=GB,ST=Oxfordshire,L=Oxford,O=Example Ltd,CN=www.example.com"),
        (
            Level.EV,
            EV_SUBJECT,
        ),
    ],
)
def test_the_subject_says_what_was_vetted(
    whole: InsideCa, tmp_path: Path, level: Level, subject: str
) -> None:
    """As OpenSSL reads it."""
    file = tmp_path / "leaf.der"
    file.write_bytes(issued(whole, level).issued.leaf)

    words = ["-inform", "DER", "-in", str(file), "-noout", "-subject", "-nameopt", "sep_comma_plus"]
    assert run("openssl", "x509", *words).strip() == f"subject={subject}"


@each_key
def test_a_certificate_is_for_servers_alone(whole: InsideCa, key: PrivateKey) -> None:
    """An RSA key may also be encrypted to; an ECC key signs and nothing else."""
    found = issued(whole, key=key).leaf.extensions
    usage = found.get_extension_for_class(x509.KeyUsage).value
    purposes = found.get_extension_for_class(x509.ExtendedKeyUsage).value

    assert [each.dotted_string for each in purposes] == ["1.3.6.1.5.5.7.3.1"]
    assert usage.digital_signature
    assert usage.key_encipherment == isinstance(key, rsa.RSAPrivateKey)
    assert not any((usage.key_cert_sign, usage.crl_sign, usage.data_encipherment))


def test_a_blank_around_what_was_vetted_is_not_signed(whole: InsideCa) -> None:
    """It was typed by mistake."""
    request = asked(NOON, level=Level.OV)
    blank = replace(request.subject, organisation=" Example Ltd ")

    leaf = issue(whole.issuer, replace(request, subject=blank)).leaf

    (organisation,) = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organisation.value == "Example Ltd"
