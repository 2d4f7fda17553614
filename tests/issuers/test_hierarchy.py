"""The private CA's authorities: made when needed, once, with their keys sealed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certdesk.domain.pki.authority import (
    ORGANISATION_LIMIT,
    PLANS,
    Identity,
    issuer_for,
    path_above,
)
from certdesk.domain.pki.records import Authority
from certdesk.ports import DESK, Place, VaultError
from tests.issuing import asked, issue
from tests.privateca import NOON, InsideCa


def names(ca: InsideCa) -> set[str]:
    """Name the authorities that are kept."""
    return {authority.name for authority in kept(ca)}


def kept(ca: InsideCa) -> list[Authority]:
    """Read the authorities."""
    return ca.store.read(lambda unit: unit.authorities.where())


def test_authorities_are_made_when_a_certificate_needs_them(ca: InsideCa) -> None:
    """A desk that issues for ECC keys makes no RSA key."""
    assert names(ca) == set()

    issue(ca.issuer, asked(NOON))
    assert names(ca) == {"ecc-root", "ecc-issuing"}

    issue(ca.issuer, asked(NOON, hash_name="SHA384"))
    assert names(ca) == {"ecc-root", "ecc-issuing", "ecc-issuing-384"}


def test_each_is_noted_in_the_audit_log(ca: InsideCa) -> None:
    """By the desk itself."""
    issue(ca.issuer, asked(NOON))

    noted = ca.store.read(lambda unit: unit.audit.where(action="MakeAuthority"))
    assert [(entry.actor, entry.subject) for entry in noted] == [
        ("desk", "ecc-root"),
        ("desk", "ecc-issuing"),
    ]


def test_a_long_organisation_is_cut_in_common_names_alone(tmp_path: Path) -> None:
    """The longest that is taken is whole in O; a CN is 64 characters at most (X.520)."""
    organisation = "The Very Long Example Trust of Oxfordshi"
    assert len(organisation) == ORGANISATION_LIMIT
    ca = InsideCa(tmp_path, identity=Identity(organisation=organisation, country="GB"))

    for hash_name in ("SHA256", "SHA384", "SHA512"):
        for authority in issue(ca.issuer, asked(NOON, hash_name=hash_name)).path[1:]:
            (whole,) = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            (common,) = authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            assert whole.value == organisation
            assert len(common.value) <= 64
            assert str(common.value).startswith(organisation[:35])


def test_processes_that_begin_at_once_have_one_ca(ca: InsideCa) -> None:
    """Each issues below the one root that was kept first, and the others' keys are forgotten."""
    issuers = [ca.started().issuer for _ in range(6)]

    def take(number: int) -> x509.Certificate:
        request = asked(NOON, f"n{number}.example.com", certificate_id=f"order{number}")
        return issue(issuers[number], request).path[-1]

    with ThreadPoolExecutor(6) as threads:
        roots = set(threads.map(take, range(6)))

    (root,) = roots
    assert len(names(ca)) == len(kept(ca)) == 2
    assert ca.pki.certificate("ecc-root") == root.public_bytes(Encoding.DER)


def test_a_key_is_sealed_for_its_authority(ca: InsideCa) -> None:
    """No bytes of it lie in the store, and it opens at no other authority's place."""
    issue(ca.issuer, asked(NOON))
    root, issuing = ca.parts.hierarchy.find("ecc-root"), ca.parts.hierarchy.find("ecc-issuing")
    assert root is not None
    assert root.private_key is not None
    assert issuing is not None
    key = ca.parts.hierarchy.key("ecc-root")
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    assert key.public_key() == x509.load_der_x509_certificate(root.certificate).public_key()
    assert secret[40:60] not in root.private_key
    place = Place(uin=DESK, table="authorities", row="ecc-issuing", column="private_key")
    with pytest.raises(VaultError):
        ca.vault.open(root.private_key, place)


@pytest.mark.parametrize("name", ["nobody", "rsa-root"])
def test_there_is_no_key_of_an_authority_that_was_not_made(ca: InsideCa, name: str) -> None:
    """It is not made by asking for its key."""
    with pytest.raises(LookupError):
        ca.parts.hierarchy.key(name)
    assert names(ca) == set()


def test_a_cross_signed_root_has_no_key_of_its_own(whole: InsideCa) -> None:
    """The record names the root whose it is."""
    crosses = {each.name: each for each in kept(whole) if each.key_of is not None}

    assert {name: each.key_of for name, each in crosses.items()} == {
        "rsa-cross": "rsa-root",
        "ecc-cross": "ecc-root",
    }
    assert all(each.private_key is None for each in crosses.values())
    with pytest.raises(LookupError):
        whole.parts.hierarchy.key("rsa-cross")


def test_an_authority_lasts_no_longer_than_what_signs_it(whole: InsideCa) -> None:
    """And begins no earlier, and issues nothing but certificates for servers below it."""
    for plan in PLANS.values():
        own = whole.parts.hierarchy.certificate(plan.name)
        constraints = own.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert constraints.ca
        assert constraints.path_length == (0 if plan.name in ISSUING else None)
        if plan.signer is not None:
            above = whole.parts.hierarchy.certificate(plan.signer)
            assert above.not_valid_before_utc <= own.not_valid_before_utc
            assert own.not_valid_after_utc <= above.not_valid_after_utc
            own.verify_directly_issued_by(above)


ISSUING = ("rsa-issuing", "ecc-issuing", "ecc-issuing-384", "ecc-issuing-512")


@pytest.mark.parametrize(
    ("hash_name", "issuing"),
    [("SHA256", "ecc-issuing"), ("SHA384", "ecc-issuing-384"), ("SHA512", "ecc-issuing-512")],
)
def test_an_ecc_certificate_comes_from_the_authority_that_signs_with_the_hash(
    hash_name: str, issuing: str
) -> None:
    """An RSA certificate comes from the one that signs with any."""
    ecc = ec.generate_private_key(ec.SECP384R1()).public_key()
    other = rsa.generate_private_key(65537, 2048).public_key()

    assert issuer_for(ecc, hash_name) == issuing
    assert issuer_for(other, hash_name) == "rsa-issuing"


def test_the_way_up_is_by_the_own_root_or_by_the_older_one() -> None:
    """As UseCrossSignRoot chooses."""
    assert path_above("rsa-issuing", cross=False) == ("rsa-root",)
    assert path_above("rsa-issuing", cross=True) == ("rsa-cross", "older-root")
    assert path_above("ecc-issuing-384", cross=True) == ("ecc-cross", "older-root")
    with pytest.raises(ValueError, match="is a root"):
        path_above("rsa-root", cross=False)


def test_two_desks_have_cas_of_two_names(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A client that trusts both does not confuse them."""
    desks = [InsideCa(tmp_path_factory.mktemp("desk")) for _ in range(2)]

    assert len({desk.parts.hierarchy.certificate("ecc-root").subject for desk in desks}) == 2
