"""Certificates to be signed, as the profile has them or changed, and what the gate says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.domain.pki import profile
from certdesk.domain.pki.authority import ECC_ISSUING, Source, hash_named
from certdesk.domain.pki.issuance import IssueRequest
from certdesk.domain.pki.preissuance import (
    FIRST_BACK,
    Circumstances,
    IssuanceRefused,
    check_issuance,
)
from certdesk.domain.values.validity import Period, period
from tests.privateca import NOON

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
KEY = ec.generate_private_key(ec.SECP256R1())
SERIAL = 1 << 150
FAR = datetime(2099, 1, 1, tzinfo=UTC)
THROW_AWAY = ec.generate_private_key(ec.SECP256R1())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Written:
    """A certificate to be signed; what is None is as the profile has it."""

    request: IssueRequest
    source: Source
    subject: x509.Name | None = None
    issuer: x509.Name | None = None
    serial: int = SERIAL
    period: Period | None = None
    key: Any = None
    extensions: Iterable[profile.Extension] | None = None
    hash_name: str = "SHA256"

    def tbs(self) -> bytes:
        """Write it."""
        public_key = KEY.public_key()
        valid = self.period or period(NOON, 199, FAR)
        subject = self.subject
        if subject is None:
            subject = profile.subject_of(self.request, sandbox=False)
        builder = (
            x509.CertificateBuilder()
            .serial_number(self.serial)
            .issuer_name(self.issuer or self.source.certificate.subject)
            .subject_name(subject)
            .not_valid_before(valid.begins)
            .not_valid_after(valid.ends)
            .public_key(self.key or public_key)
        )
        extensions = self.extensions
        if extensions is None:
            extensions = profile.extensions_of(self.request, public_key, self.source)
        for value, critical in extensions:
            builder = builder.add_extension(value, critical=critical)
        return builder.sign(THROW_AWAY, hash_named(self.hash_name)).tbs_certificate_bytes


def refused(
    tbs: bytes, request: IssueRequest, source: Source, **others: object
) -> tuple[str, bool] | None:
    """Tell the rule by which the gate refuses, and whether that may pass; None: it lets through."""
    given: dict[str, Any] = {
        "authority": ECC_ISSUING,
        "source": source,
        "blocked": False,
        "now": NOON,
        "own_days": 0,
        "back": FIRST_BACK,
        "sandbox": False,
    }
    try:
        check_issuance(tbs, request, Circumstances(**given | others))
    except IssuanceRefused as refused:
        return refused.rule, refused.transient
    return None


def rule_of(
    source: Source, request: IssueRequest, changes: dict[str, Any], **others: object
) -> str | None:
    """Give the rule that refuses a certificate with these changes."""
    told = refused(
        Written(request=request, source=source, **changes).tbs(), request, source, **others
    )
    return told[0] if told else None
