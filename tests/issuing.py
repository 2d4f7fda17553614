"""Requests for certificates, and the way through an issuer's steps."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certdesk.domain.pki import csr
from certdesk.domain.pki.issuance import (
    Authorization,
    ChallengesWanted,
    Issued,
    IssueRequest,
    Offered,
    Progress,
    Recorded,
)
from certdesk.domain.pki.records import Certificate
from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.values.keys import PrivateKey
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import Level
from certdesk.domain.values.revocation_reason import Reason
from certdesk.domain.values.subject import Subject
from certdesk.ports import Issuer

MOST_STEPS = 20
NOBODY = Subject()
SOMEBODY = Subject(
    country="GB", region="Oxfordshire", locality="Oxford", organisation="Example Ltd"
)


def asked(
    now: datetime,
    *names: str,
    level: Level = Level.DV,
    key: PrivateKey | None = None,
    certificate_id: str = "aB3dE5fG",
    attempt: int = 1,
    **others: Any,  # noqa: ANN401 -- fields of the request
) -> IssueRequest:
    """Ask for a certificate whose every name was proved by DNS and permitted by CAA just now."""
    domains = tuple(DomainName.parse(name) for name in names or ("www.example.com",))
    subject = NOBODY if level is Level.DV else SOMEBODY
    key = key or ec.generate_private_key(ec.SECP256R1())
    given: dict[str, Any] = {
        "certificate_id": certificate_id,
        "attempt": attempt,
        "uin": "100000000001",
        "level": level,
        "names": domains,
        "subject": subject,
        "vetted_until": None if level is Level.DV else now + timedelta(days=398),
        "authorizations": tuple(
            Authorization(covers=name.ascii, method="DNS", proved_at=now, caa_at=now)
            for name in domains
        ),
    }
    pem = others.pop("csr", None) or csr.build(key, domains[0], domains[1:], subject)
    return IssueRequest(csr=csr.parse(pem), **given | others)


class IssuerAround(Issuer):
    """`ports.Issuer` that does what another one does, for those that change one thing of it."""

    def __init__(self, issuer: Issuer) -> None:
        """Issue by `issuer`."""
        self._issuer = issuer

    @property
    def name(self) -> str:
        """Its name."""
        return self._issuer.name

    @property
    def caa(self) -> CaaIdentity:
        """Its identity."""
        return self._issuer.caa

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take its step."""
        return self._issuer.proceed(request, recorded)

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Have it take a certificate back."""
        self._issuer.revoke(certificate, reason)


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """What an issuer asked to be kept on the way, and what it issued in the end."""

    recorded: tuple[Recorded, ...]
    issued: Issued

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate."""
        return x509.load_der_x509_certificate(self.issued.leaf)

    @property
    def path(self) -> list[x509.Certificate]:
        """The certificate, its chain and the root."""
        root = (self.issued.root,) if self.issued.root else ()
        parts = (self.issued.leaf, *self.issued.chain, *root)
        return [x509.load_der_x509_certificate(part) for part in parts]


def offered(issuer: Issuer, request: IssueRequest) -> tuple[list[Recorded], Offered]:
    """Ask for the challenges of a request until they are there; return what was to be kept."""
    assert issuer.challenger is not None
    wanted = ChallengesWanted(
        certificate_id=request.certificate_id,
        attempt=request.attempt,
        uin=request.uin,
        names=request.names,
        method="DNS",
    )
    recorded: list[Recorded] = []
    while not isinstance(
        step := issuer.challenger.offer(wanted, recorded[-1] if recorded else None), Offered
    ):
        assert isinstance(step, Recorded), step
        recorded.append(step)
    return recorded, step


def issue(issuer: Issuer, request: IssueRequest, last: Recorded | None = None) -> Course:
    """Go on from `last` until there is a certificate, as the work on an order does."""
    recorded: list[Recorded] = []
    if issuer.challenger is not None and last is None:
        recorded, _ = offered(issuer, request)
        last = recorded[-1]
    for _ in range(MOST_STEPS):
        progress = issuer.proceed(request, last)
        if isinstance(progress, Issued):
            return Course(tuple(recorded), progress)
        assert isinstance(progress, Recorded), progress
        recorded.append(progress)
        last = progress
    raise AssertionError("it never ends")
