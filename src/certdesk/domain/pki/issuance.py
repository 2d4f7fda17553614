"""What a CA is asked for, and how far it has come."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TypeAlias

from certdesk.domain.validation.challenge import Challenge
from certdesk.domain.values.names import DomainName
from certdesk.domain.values.products import Level
from certdesk.domain.values.subject import Registration, Subject


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Why a name may be certified: its proof, and that CAA permits it.

    `covers` is the name or wildcard in ASCII; `method` is `DNS` or `FILE`.
    """

    covers: str
    method: str
    proved_at: datetime
    caa_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """A certificate to be issued for an order, with everything that permits it.

    The same order and attempt are asked for with the same names, key and subject until they are
    issued or given up. `names` has the main name first; `csr` is PEM and its key what is
    certified; `subject` is what was vetted, empty for DV; `hash_name` is `SHA256`, `SHA384` or
    `SHA512`; `cross_sign` asks for the chain to the older root. `most_days` is how long the
    certificate may last at most, None for as long as the issuer allows, and `ends_by` when
    the time that was bought ends, which a reissue does not outlast. `registration` is what an EV
    subject says besides. `vetted_until` is how long the `subject` may be relied on, None where it
    may not be, or is empty.
    """

    certificate_id: str
    attempt: int
    uin: str
    level: Level
    names: tuple[DomainName, ...]
    subject: Subject
    csr: str
    hash_name: str = "SHA256"
    cross_sign: bool = False
    most_days: int | None = None
    ends_by: datetime | None = None
    registration: Registration | None = None
    vetted_until: datetime | None = None
    authorizations: tuple[Authorization, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChallengesWanted:
    """What is to be published for the names of an order, to prove them by a method.

    `names` has the main name first; `method` is `DNS` or `FILE`.
    """

    certificate_id: str
    attempt: int
    uin: str
    names: tuple[DomainName, ...]
    method: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is to be published: one challenge for each name, and one for a name and its wildcard."""

    challenges: tuple[Challenge, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The issuer is about to do what may be done once: keep `state`, then ask again.

    `serial` is the serial number of the certificate to come in lower-case hexadecimal, where the
    issuer knows it.
    """

    state: bytes
    serial: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The certificate, DER. `chain` has its issuer first and ends below the root."""

    leaf: bytes
    chain: tuple[bytes, ...]
    root: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nothing to do now; ask again at `at`."""

    at: datetime
    reason: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The issuer will not issue this; asking again changes nothing."""

    reason: str


def absent(issuer: str) -> str:
    """Say that an order waits for an issuer that the desk does not have (any more)."""
    return f"Its issuer {issuer} is not among those of this desk (setting issuer.names)."


Offering: TypeAlias = Recorded | Offered | Later | Declined
Progress: TypeAlias = Recorded | Issued | Later | Declined
