"""The authorities of the private CA: which there are, who signs whom, with which key and hash.

There are two lines, RSA and ECC, each with a root and what issues below it, and an older root
that signs the other two as well (cross-signing). Source: CA/Browser Forum Baseline Requirements
7.1.3.2, by which an ECC key signs with the hash of its own size, and an RSA key with any.
"""

from __future__ import annotations

import dataclasses
import enum
from datetime import timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.domain.values.keys import PrivateKey, PublicKey

Hash: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

RSA_ROOT, ECC_ROOT, OLDER_ROOT = "rsa-root", "ecc-root", "older-root"
RSA_ISSUING, ECC_ISSUING = "rsa-issuing", "ecc-issuing"
NO_COUNTRY = "XX"
"""The country of a CA whose operator names none: left to users by ISO 3166-1."""

ORGANISATION_LIMIT = 40
"""Most characters of the CA's organisation: it is in common names too, of 64 characters."""

_EXPONENT = 65537
_HASHES: dict[str, Hash] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_HASHES_OF_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


class Rank(enum.Enum):
    """What an authority is."""

    ROOT = "root"
    CROSS = "cross-signed root"
    ISSUING = "issuing CA"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An authority that there is or may be.

    `key` is the size of an RSA modulus in bits or a curve; `signer` the authority that signs it,
    None for itself; `key_of` the root whose name and key a cross-signed certificate has. `words`
    are in its subject, `years` how long it lasts at most.
    """

    name: str
    words: str
    rank: Rank
    key: int | ec.EllipticCurve | None = None
    signer: str | None = None
    key_of: str | None = None
    years: int


PLANS = {
    plan.name: plan
    for plan in (
        Plan(name=RSA_ROOT, words="RSA Root CA", rank=Rank.ROOT, key=4096, years=20),
        Plan(name=ECC_ROOT, words="ECC Root CA", rank=Rank.ROOT, key=ec.SECP384R1(), years=20),
        Plan(name=OLDER_ROOT, words="Older Root CA", rank=Rank.ROOT, key=4096, years=20),
        Plan(
            name=RSA_ISSUING,
            words="RSA Issuing CA",
            rank=Rank.ISSUING,
            key=3072,
            signer=RSA_ROOT,
            years=10,
        ),
        *(
            Plan(
                name=name,
                words=f"ECC {curve.key_size} Issuing CA",
                rank=Rank.ISSUING,
                key=curve,
                signer=ECC_ROOT,
                years=10,
            )
            for name, curve in (
                (ECC_ISSUING, ec.SECP256R1()),
                ("ecc-issuing-384", ec.SECP384R1()),
                ("ecc-issuing-512", ec.SECP521R1()),
            )
        ),
        *(
            Plan(
                name=name,
                words="",
                rank=Rank.CROSS,
                signer=OLDER_ROOT,
                key_of=root,
                years=15,
            )
            for name, root in (("rsa-cross", RSA_ROOT), ("ecc-cross", ECC_ROOT))
        ),
    )
}

_GENERATION = "-g"
"""Between the name of an issuing authority and the number of a later one in its place."""

_ECC_ISSUERS = {"SHA256": ECC_ISSUING, "SHA384": "ecc-issuing-384", "SHA512": "ecc-issuing-512"}
_CROSS = {plan.key_of: plan.name for plan in PLANS.values() if plan.key_of}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose CA it is: in the name of each authority. `sandbox`: it is for tests alone."""

    organisation: str
    country: str
    sandbox: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An authority's certificate, and where that and its CRL can be fetched.

    `ocsp_url` is where the status of what it issues is told, "" where a certificate is not to
    name it.
    """

    certificate: x509.Certificate
    certificate_url: str
    crl_url: str
    ocsp_url: str = ""


def plan_of(name: str) -> Plan:
    """Give the plan of an authority, also of one in the place of an earlier one (`rsa-issuing-g2`).

    Raises:
        KeyError: there is none of that name.
    """
    base, generation = line_of(name), generation_of(name)
    plan = PLANS[base]
    if generation == 1:
        return plan
    return dataclasses.replace(plan, name=name, words=f"{plan.words} G{generation}")


def line_of(name: str) -> str:
    """Give the name of the first authority in whose place this one is; a first one's is its own."""
    base, mark, number = name.rpartition(_GENERATION)
    later = mark and number.isdecimal() and base in PLANS and PLANS[base].rank is Rank.ISSUING
    return base if later else name


def generation_of(name: str) -> int:
    """Tell the how many-th of its line an authority is, from 1 on."""
    base = line_of(name)
    return 1 if base == name else int(name.removeprefix(base + _GENERATION))


def later_name(line: str, generation: int) -> str:
    """Name a later authority of a line."""
    return f"{line}{_GENERATION}{generation}"


def overlap_of(wished_days: int, certificate_days: int) -> timedelta:
    """Tell how long before its end an issuing authority hands over to the next one.

    As long as the operator wishes, but not shorter than what it signs lasts, nor longer than half
    of its own time.
    """
    longest = max(plan.years for plan in PLANS.values() if plan.rank is Rank.ISSUING)
    return timedelta(days=min(max(wished_days, certificate_days + 1), longest * 365 // 2))


def issuer_for(public_key: PublicKey, hash_name: str) -> str:
    """Name the line of authorities that sign such a key with such a hash, by its first one.

    A certificate for an ECC key comes from an ECC authority, of which there is one a hash.
    """
    return RSA_ISSUING if isinstance(public_key, rsa.RSAPublicKey) else _ECC_ISSUERS[hash_name]


def path_above(issuing: str, *, cross: bool) -> tuple[str, ...]:
    """Name the authorities above an issuing one, the root last."""
    root = plan_of(issuing).signer
    if root is None:
        raise ValueError(f"{issuing} is a root")
    return (_CROSS[root], OLDER_ROOT) if cross else (root,)


def new_key(plan: Plan) -> PrivateKey:
    """Make an authority's key; RSA takes up to some seconds."""
    if isinstance(plan.key, int):
        return rsa.generate_private_key(_EXPONENT, plan.key)
    if plan.key is None:
        raise ValueError(f"{plan.name} has the key of {plan.key_of}")
    return ec.generate_private_key(plan.key)


def hash_named(name: str) -> Hash:
    """Give the hash of the name `SHA256`, `SHA384` or `SHA512`."""
    return _HASHES[name]


def own_hash(public_key: PublicKey) -> Hash:
    """Give the hash with which an authority of that key signs authorities and CRLs."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return hashes.SHA384()
    return _HASHES[_HASHES_OF_CURVES[public_key.curve.name]]
