"""The authorities of the private CA: which there are, who signs whom, with which key and hash.

There are two lines, RSA and ECC, each with a root and its issuing authorities, and an older root
that signs the other two roots as well (cross-signing). Source: CA/Browser Forum Baseline
Requirements 7.1.3.2: an ECC key signs with the hash of its own size, an RSA key with any.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certdesk.domain.values.keys import PrivateKey, PublicKey
from certdesk.domain.values.record import Record, replace

Hash: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

RSA_ROOT, ECC_ROOT, OLDER_ROOT = "rsa-root", "ecc-root", "older-root"
RSA_ISSUING, ECC_ISSUING = "rsa-issuing", "ecc-issuing"
NO_COUNTRY = "XX"
"""The country of a CA whose operator names none: ISO 3166-1 leaves this code to users."""

ORGANISATION_LIMIT = 40
"""Most characters of the CA's organisation: common names include it, and have 64 at most."""

_EXPONENT = 65537
_HASHES: dict[str, Hash] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_HASHES_OF_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


class Rank(enum.Enum):
    """The level of an authority."""

    ROOT = "root"
    CROSS = "cross-signed root"
    ISSUING = "issuing CA"


class Plan(Record, kw_only=True):
    """An authority that exists or may be made.

    `key` is the size of an RSA modulus in bits or a curve. `signer` is the authority that signs it,
    None if it signs itself. `key_of` is the root whose name and key a cross-signed certificate has.
    `words` are in its subject, and `years` is the longest time that it lasts.
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
"""The separator between the name of an issuing authority and the number of a later generation."""

_ECC_ISSUERS = {"SHA256": ECC_ISSUING, "SHA384": "ecc-issuing-384", "SHA512": "ecc-issuing-512"}
_CROSS = {plan.key_of: plan.name for plan in PLANS.values() if plan.key_of}


class Identity(Record, kw_only=True):
    """The owner of a CA, in the name of each authority. `sandbox`: the CA is for tests alone."""

    organisation: str
    country: str
    sandbox: bool = False


class Source(Record, kw_only=True):
    """An authority's certificate, and where that and its CRL can be fetched.

    `ocsp_url` is where the status of its certificates is published, "" if a certificate is not to
    name it.
    """

    certificate: x509.Certificate
    certificate_url: str
    crl_url: str
    ocsp_url: str = ""


def plan_of(name: str) -> Plan:
    """Return the plan of an authority, also of a later generation (`rsa-issuing-g2`).

    Raises:
        KeyError: there is no authority of that name.
    """
    base, generation = line_of(name), generation_of(name)
    plan = PLANS[base]
    if generation == 1:
        return plan
    return replace(plan, name=name, words=f"{plan.words} G{generation}")


def line_of(name: str) -> str:
    """Return the name of an authority's first generation, which is also the name of its line."""
    base, mark, number = name.rpartition(_GENERATION)
    later = mark and number.isdecimal() and base in PLANS and PLANS[base].rank is Rank.ISSUING
    return base if later else name


def generation_of(name: str) -> int:
    """Return the generation of an authority in its line, from 1 on."""
    base = line_of(name)
    return 1 if base == name else int(name.removeprefix(base + _GENERATION))


def later_name(line: str, generation: int) -> str:
    """Return the name of a later generation of a line."""
    return f"{line}{_GENERATION}{generation}"


def overlap_of(wished_days: int, certificate_days: int) -> timedelta:
    """Return how long before its end an issuing authority is replaced by the next one.

    That is as long as the operator wishes, but at least as long as the certificates that it signs
    last, and at most half of its own time.
    """
    longest = max(plan.years for plan in PLANS.values() if plan.rank is Rank.ISSUING)
    return timedelta(days=min(max(wished_days, certificate_days + 1), longest * 365 // 2))


def issuer_for(public_key: PublicKey, hash_name: str) -> str:
    """Return the line of authorities that sign such a key with such a hash, by its first one.

    A certificate for an ECC key comes from an ECC authority; there is one for each hash.
    """
    return RSA_ISSUING if isinstance(public_key, rsa.RSAPublicKey) else _ECC_ISSUERS[hash_name]


def path_above(issuing: str, *, cross: bool) -> tuple[str, ...]:
    """Return the names of the authorities above an issuing one, the root last."""
    root = plan_of(issuing).signer
    if root is None:
        raise ValueError(f"{issuing} is a root")
    return (_CROSS[root], OLDER_ROOT) if cross else (root,)


def new_key(plan: Plan) -> PrivateKey:
    """Return a new key for an authority; RSA takes up to some seconds."""
    if isinstance(plan.key, int):
        return rsa.generate_private_key(_EXPONENT, plan.key)
    if plan.key is None:
        raise ValueError(f"{plan.name} has the key of {plan.key_of}")
    return ec.generate_private_key(plan.key)


def hash_named(name: str) -> Hash:
    """Return the hash of the name `SHA256`, `SHA384` or `SHA512`."""
    return _HASHES[name]


def own_hash(public_key: PublicKey) -> Hash:
    """Return the hash with which an authority of that key signs authorities and CRLs."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return hashes.SHA384()
    return _HASHES[_HASHES_OF_CURVES[public_key.curve.name]]
