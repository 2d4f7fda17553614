"""The certificate profile of an authority.

Sources: CA/Browser Forum Baseline Requirements 7.1.2.1 (roots), 7.1.2.2 (cross-signed roots),
7.1.2.6 (issuing CAs) and 7.1.2.10 (what they have in common).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import CertificatePoliciesOID, ExtendedKeyUsageOID, NameOID

from certdesk.domain.pki import profile
from certdesk.domain.pki.authority import Identity, Plan, Rank, Source
from certdesk.domain.values.keys import PublicKey
from certdesk.domain.values.names import NAME_LIMIT
from certdesk.domain.values.record import Record
from certdesk.domain.values.validity import BACKDATED

_YEAR = timedelta(days=365)


class Draft(Record, kw_only=True):
    """An authority to be certified; `signer` is None for a root, `subject` is its name."""

    plan: Plan
    subject: x509.Name
    public_key: PublicKey
    serial: int
    now: datetime
    signer: Source | None


def name_of(plan: Plan, identity: Identity, public_key: PublicKey) -> x509.Name:
    """Return the subject of an authority.

    It ends with a part of its key's digest, so that the CAs of two desks have different names. In
    the common name, the organisation is cut where the whole would exceed the limit of X.520.
    """
    rest = f" {plan.words} {profile.tag_of(public_key)}"
    words = identity.organisation[: NAME_LIMIT - len(rest)].rstrip() + rest
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, identity.country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity.organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, words),
        ]
    )


def builder(draft: Draft) -> x509.CertificateBuilder:
    """Return the certificate, ready to be signed; it ends no later than its signer."""
    begins = draft.now.replace(microsecond=0) - BACKDATED
    ends = begins + draft.plan.years * _YEAR - timedelta(seconds=1)
    if draft.signer is not None:
        ends = min(ends, draft.signer.certificate.not_valid_after_utc)
    written = (
        x509.CertificateBuilder()
        .serial_number(draft.serial)
        .subject_name(draft.subject)
        .issuer_name(draft.signer.certificate.subject if draft.signer else draft.subject)
        .public_key(draft.public_key)
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for value, critical in _extensions(draft):
        written = written.add_extension(value, critical=critical)
    return written


def _extensions(draft: Draft) -> Iterator[tuple[x509.ExtensionType, bool]]:
    depth = 0 if draft.plan.rank is Rank.ISSUING else None
    yield x509.BasicConstraints(ca=True, path_length=depth), True
    yield profile.key_usage(certifies=True), True
    own = x509.SubjectKeyIdentifier.from_public_key(draft.public_key)
    yield own, False
    if draft.signer is None:
        yield x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False
        return
    yield profile.key_identifier(draft.signer.certificate), False
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    # It signs certificates of all levels.
    yield x509.CertificatePolicies([profile.policy(CertificatePoliciesOID.ANY_POLICY)]), False
    yield from profile.status_extensions(draft.signer)
