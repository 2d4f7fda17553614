"""The request to a CA, and its progress."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from certdesk.domain.pki.csr import CertificateRequest
from certdesk.domain.validation.challenge import Challenge
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import Record
from certdesk.domain.values.subject import Registration, Subject


class Authorization(Record, kw_only=True):
    """Why a name may be certified: its proof, and the permission by CAA.

    `covers` is the name or wildcard in ASCII; `method` is `DNS` or `FILE`.
    """

    covers: str
    method: str
    proved_at: datetime
    caa_at: datetime


class IssueRequest(Record, kw_only=True):
    """A certificate to be issued for an order, with everything that permits it.

    Requests for the same order and attempt have the same names, key and subject until the
    certificate is issued or given up. `names` has the main name first. The key of `csr` is
    certified, and nothing else of it. `subject` is the vetted subject, empty for DV. `hash_name` is
    `SHA256`, `SHA384` or `SHA512`. `cross_sign` asks for the chain to the older root. `most_days`
    is the longest that the certificate may last, None for as long as the issuer allows. `ends_by`
    is the end of the time that was bought, which a reissue does not outlast. `registration` is the
    registration in an EV subject. `vetted_until` is how long the `subject` may be relied on, None
    if it may not be, or is empty.
    """

    certificate_id: str
    attempt: int
    uin: str
    level: Level
    names: tuple[DomainName, ...]
    subject: Subject
    csr: CertificateRequest
    hash_name: str = "SHA256"
    cross_sign: bool = False
    most_days: int | None = None
    ends_by: datetime | None = None
    registration: Registration | None = None
    vetted_until: datetime | None = None
    authorizations: tuple[Authorization, ...]


class ChallengesWanted(Record, kw_only=True):
    """A request for challenges for the names of an order, by one method.

    `names` has the main name first; `method` is `DNS` or `FILE`.
    """

    certificate_id: str
    attempt: int
    uin: str
    names: tuple[DomainName, ...]
    method: str


class Offered(Record, kw_only=True):
    """The challenges to publish: one for each name; a name and its wildcard share one."""

    challenges: tuple[Challenge, ...]


class Recorded(Record, kw_only=True):
    """The issuer is about to take a step that it must take once: keep `state`, then ask again.

    `serial` is the serial number of the certificate to come in lower-case hexadecimal, if the
    issuer knows it.
    """

    state: bytes
    serial: str | None = None


class Issued(Record, kw_only=True):
    """The certificate, DER. `chain` has its issuer first and ends below the root."""

    leaf: bytes
    chain: tuple[bytes, ...]
    root: bytes | None = None


class Later(Record, kw_only=True):
    """Nothing to do now; ask again at `at`."""

    at: datetime
    reason: str


class Declined(Record, kw_only=True):
    """The issuer will not issue this, however often it is asked."""

    reason: str


def absent(issuer: str) -> str:
    """Return the message that an order waits for an issuer that the desk does not have."""
    return f"This desk does not have the issuer {issuer} of the certificate (setting issuer.names)."


def busy(issuer: str) -> str:
    """Return the message that an order waits for an issuer that is asked for many others."""
    return f"The issuer {issuer} is busy with other orders."


Offering: TypeAlias = Recorded | Offered | Later | Declined
Progress: TypeAlias = Recorded | Issued | Later | Declined
