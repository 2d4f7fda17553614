"""The request to a CA for an order, and the stored certificate from the CA's answer.

Also what is shown of that certificate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki import csr, outline, pem
from certdesk.domain.pki.chain import Link, link_of
from certdesk.domain.pki.issuance import Authorization, ChallengesWanted, Issued, IssueRequest
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.challenge import ProofKind, method_of
from certdesk.domain.validation.records import Proof
from certdesk.domain.values import keys
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.organisation import Organisation
from certdesk.domain.values.products import FREE, FREE_DAYS, PRODUCTS, Level
from certdesk.domain.values.subject import Subject
from certdesk.domain.vetting.review import certified_subject, registration_of

DEFAULT_HASH = "SHA256"


def requested(
    order: Order,
    submission: Submission,
    proofs: Sequence[Proof],
    internal_suffixes: frozenset[str],
    organisation: Organisation | None = None,
    vetted_until: datetime | None = None,
) -> IssueRequest:
    """Return the request for the certificate of an order whose names are proved.

    `organisation` is the vetted organisation, None if the product names none. `vetted_until` is how
    long that vetting may be relied on.

    Raises:
        CsrRefused: its CSR, which was accepted once, is not any more.
    """
    level = PRODUCTS[order.product_id].level
    names = tuple(
        DomainName.parse(name, internal_suffixes=internal_suffixes) for name in order.ascii_names
    )
    chosen = json.loads(submission.facts)
    return IssueRequest(
        certificate_id=order.certificate_id,
        attempt=order.attempt,
        uin=order.uin,
        level=level,
        names=names,
        subject=certified_subject(organisation) if organisation else Subject(),
        registration=(
            registration_of(organisation) if organisation and level is Level.EV else None
        ),
        csr=csr.parse(submission.csr),
        vetted_until=vetted_until,
        hash_name=chosen.get("sign_algorithm") or DEFAULT_HASH,
        cross_sign=bool(chosen.get("cross_sign")),
        most_days=FREE_DAYS if order.product_id == FREE else None,
        ends_by=order.ends_by,
        authorizations=tuple(_authorizations(names, proofs)),
    )


def wanted_challenges(order: Order) -> ChallengesWanted:
    """Return the request for challenges for the names of an order."""
    return ChallengesWanted(
        certificate_id=order.certificate_id,
        attempt=order.attempt,
        uin=order.uin,
        names=tuple(map(DomainName, order.ascii_names)),
        method=method_wanted(order.verify_type),
    )


def method_wanted(verify_type: str | None) -> str:
    """Return the method by which an order's names are proved: `DNS_AUTO` is one by DNS too."""
    return "FILE" if verify_type == "FILE" else "DNS"


def _authorizations(names: Sequence[DomainName], proofs: Sequence[Proof]) -> list[Authorization]:
    """Return an authorization for each name that has a proof and CAA's permission."""
    by_name = {proof.name: proof for proof in proofs}
    found = []
    for name in names:
        proof = by_name.get(name.base)
        if proof is None or proof.proved_at is None or proof.caa_at is None or proof.caa_reason:
            continue
        method = method_of(ProofKind(proof.kind))
        found.append(
            Authorization(
                covers=name.ascii, method=method, proved_at=proof.proved_at, caa_at=proof.caa_at
            )
        )
    return found


def certificate_of(
    request: IssueRequest, issued: Issued, *, issuer: str, now: datetime
) -> Certificate:
    """Return the record of a certificate that was issued."""
    leaf = x509.load_der_x509_certificate(issued.leaf)
    public_key = leaf.public_key()
    assert isinstance(public_key, keys.PublicKey)  # noqa: S101 -- the CSR's, which was looked at
    return Certificate(
        certificate_id=request.certificate_id,
        attempt=request.attempt,
        uin=request.uin,
        issuer=issuer,
        serial=f"{leaf.serial_number:x}",
        leaf=issued.leaf,
        chain="".join(map(pem_of, issued.chain)),
        root=issued.root,
        key=keys.describe(public_key),
        spki_sha256=keys.spki_sha256(public_key),
        sha1=hashlib.sha1(issued.leaf, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(issued.leaf).hexdigest(),
        begins_at=leaf.not_valid_before_utc,
        ends_at=leaf.not_valid_after_utc,
        kept_at=now,
    )


def ders_of(chain: str) -> tuple[bytes, ...]:
    """Return the certificates of a chain in PEM, which may be empty, as DER."""
    return tuple(pem.decoded(block.body) or b"" for block in pem.blocks(chain) or ())


def pem_of(certificate: bytes) -> str:
    """Return a DER certificate as PEM."""
    return pem.encoded("CERTIFICATE", certificate)


def whole_pem(certificate: Certificate) -> str:
    """Return a stored certificate and its chain as PEM, the leaf first.

    An upload includes its root if the root was uploaded, so that it is returned as it came.
    """
    root = pem_of(certificate.root) if certificate.root and not certificate.attempt else ""
    return pem_of(certificate.leaf) + certificate.chain + root


def links_of(certificate: Certificate) -> list[Link]:
    """Return descriptions of a stored certificate and its chain, the leaf first."""
    return [link_of(outline.certificate(data)) for data in ders_of(whole_pem(certificate))]
