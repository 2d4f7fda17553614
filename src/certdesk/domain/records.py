"""The remaining things a desk keeps: submissions, ready keys, blocked keys, audit, marks."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, TypeAlias

from certdesk.domain.material import Material
from certdesk.domain.words import Code, Half, Lasting, Words

MaterialFacts: TypeAlias = Annotated[str, Half(Material)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One handing-in of material for an order; the order names the number in force.

    `facts` is the clear part of the `Material` as JSON, `personal` the sealed rest. The key pass
    phrase and the private key lie apart, each sealed for its own column. `warnings` are remarks
    that refuse nothing (check digits, telephone numbers) and hold no values. `inspected` tells
    that the key has had its slower checks, which one that the desk made does not need.
    `identity_since` is from when on the time counts for which identity numbers in it are kept,
    None where there are none.
    """

    certificate_id: Code
    number: int
    uin: Code
    submitted_at: datetime
    request_id: Code
    facts: MaterialFacts
    personal: bytes
    key_pass: bytes | None
    private_key: bytes | None
    csr: Code
    key: Code
    spki_sha256: bytes
    company_id: int | None
    manager_id: int | None
    warnings: tuple[Words, ...] = ()
    inspected: bool = False
    identity_since: datetime | None = None
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StockedKey:
    """A private key made ahead of need, sealed for the desk; `kind` is a `KeyKind` name."""

    stock_id: int = 0
    kind: Code
    spki_sha256: bytes
    sealed: bytes
    created_at: datetime


EVERYBODY = ""
"""Whom a key is blocked for, in the place of a Uin, where that is every account."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BlockedKey:
    """A public key that is never accepted again, by the SHA-256 of its SPKI, and why.

    `uin` is the account that it is not accepted from, `EVERYBODY` where that is every account.
    Others know the private key of a `compromised` one: its certificates are revoked.
    """

    spki_sha256: bytes
    uin: Code = EVERYBODY
    reason: Words
    created_at: datetime
    compromised: bool = False
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeniedKey:
    """A public key that an account has no more, of certificates that its policies deny.

    It is known by the SHA-256 of its SPKI. `origins` are the ids of these certificates and of what
    they came from, for the case that the key comes again or lies elsewhere (`ports/lineage.py`).
    """

    uin: Code
    spki_sha256: bytes
    origins: tuple[Code, ...]
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeenSignature:
    """A signature that changes something; it may not do so again later.

    `seen_at` is by the machine's clock, whatever the desk's was moved to.
    """

    digest: bytes
    action: Code
    seen_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PaceLimit:
    """How many requests a second an account may make of an action, where it is not the default."""

    uin: Code
    action: Code
    per_second: int
    version: int = 1


BY_DESK = "desk"
"""Who did in the audit log what the desk did by itself."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which thing, written in the transaction of the change itself.

    `actor` is a SecretId, `operator` or `BY_DESK`, `user_id` the user whose key it is, if it is a
    user's; `detail` holds no secret and no personal data.
    """

    entry_id: int = 0
    at: datetime
    request_id: Code
    uin: Code
    actor: Lasting
    action: Code
    subject: Lasting
    detail: Lasting = ""
    user_id: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """A page of an account's audit entries of some actions, newest first.

    `since` and `until` are both included.
    """

    uin: str
    actions: frozenset[str]
    since: datetime
    until: datetime
    offset: int = 0
    limit: int

    def has(self, entry: AuditEntry) -> bool:
        """Whether an entry is in the list that this is a page of."""
        return (
            entry.uin == self.uin
            and entry.action in self.actions
            and self.since <= entry.at <= self.until
        )


@dataclasses.dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log, and how many entries the whole list has."""

    entries: tuple[AuditEntry, ...]
    total: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A named value of the desk itself, such as the check value of its key-encryption key."""

    name: Code
    value: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The proof of one name for one order submission: what to publish, and how it stands.

    `attempt` counts an order's submissions to the CA; each has its own values, so those of a
    cancelled one are void. `issuer` is who is to issue by it. `name` is in ASCII without `*.`;
    `kind`, `label` and `value` are a `Challenge`'s. `verdict`, `reason` and `seen` are the last
    look's; `looks` counts them.
    Where the desk adds the record by itself, `added_at` is when it was last about to: the record
    may be outside from then on, until it is removed and `added_at` is None again. `removals`
    counts the tries to remove it, the last one at `removal_at`.
    """

    certificate_id: Code
    attempt: int
    name: Code
    uin: Code
    issuer: Code
    kind: Code
    label: Code
    value: Code
    made_at: datetime
    proved_at: datetime | None = None
    looked_at: datetime | None = None
    looks: int = 0
    verdict: int | None = None
    reason: Words = ""
    seen: tuple[Words, ...] = ()
    caa_at: datetime | None = None
    caa_reason: Words = ""
    added_at: datetime | None = None
    removals: int = 0
    removal_at: datetime | None = None
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One look for a proof or for CAA records, as it was: `kind` is a `ProofKind` or `CAA`.

    `verdict` is a `Verdict`'s number; of CAA 1 is permitted and -1 is not.
    """

    evidence_id: int = 0
    certificate_id: Code
    attempt: int
    name: Code
    kind: Code
    verdict: int
    reason: Lasting
    seen: tuple[Lasting, ...]
    resolver: Code
    secure: bool | None
    steps: tuple[Lasting, ...]
    began_at: datetime
    ended_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Issuance:
    """How far an issuer has come with an order's attempt: what it asked to be kept.

    It has not `begun` to issue as long as it was only asked what to publish.
    `serial` is unique among those of an issuer, where it is known before the certificate is.
    """

    certificate_id: Code
    attempt: int
    uin: Code
    issuer: Code
    state: bytes
    serial: Code | None
    begun_at: datetime
    begun: bool = True
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate in hand: issued for an order's attempt, or uploaded (attempt 0).

    `leaf` and `root` are DER; `chain` is PEM, the leaf's issuer first, without the root;
    fingerprints are of the leaf, in lower-case hexadecimal. `private_key` is the sealed key of an
    uploaded one (that of an order is with its submission), `archive_pass` the sealed pass word
    that the desk made for its PFX and JKS files.
    """

    certificate_id: Code
    attempt: int
    uin: Code
    issuer: Code
    serial: Code
    leaf: bytes
    chain: Code
    root: bytes | None
    key: Code
    spki_sha256: bytes
    sha1: Code
    sha256: Code
    begins_at: datetime
    ends_at: datetime
    kept_at: datetime
    private_key: bytes | None = None
    archive_pass: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person is asked to look at: a manager, an order, its revocation or a key.

    Its `subject` is `manager:N`, `order:CERTID`, `revocation:CERTID` or `key:SPKI`.
    `kind` is the part of the `subject` before the colon; `attempt` the order's (or its
    revocation's), 0 where there is none. `asked_by` is who asked for it, by whom it cannot be
    approved: the name of a user, the SecretId of an account's own key, or `operator`. `approvals`
    are names and times (ISO 8601) of those who approved, and which users of the system they are
    (`Caller.operator`); `verdict` is `approved` or `rejected`,
    None as long as it waits.
    """

    subject: Code
    uin: Code
    kind: Code
    since: datetime
    attempt: int = 0
    asked_by: Lasting
    approvals: tuple[tuple[Lasting, Lasting, Lasting], ...] = ()
    decided_at: datetime | None = None
    verdict: Code | None = None
    reason: Words = ""
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What an operator saw last of what waits for people, by the `subject` of its review.

    `operator` is a `Caller`'s; `shown` tells that all of it was shown, and not a list with it.
    `members` are its members as `domain.sight` gives them, as JSON.
    """

    subject: Code
    operator: Code
    shown: bool
    members: Code
    seen_at: datetime
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that was uploaded for an attempt of an order, sealed.

    `kind` is what it is about: `confirm`, or `revoke` with the attempt of the revocation. `form`
    is `JPG`, `PNG`, `PDF` or `GIF`; `size` (bytes) and `sha256` (hexadecimal) are those of the
    file.
    """

    certificate_id: Code
    attempt: int
    kind: Code
    uin: Code
    form: Code
    size: int
    sha256: Code
    content: bytes
    uploaded_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A CA certificate of the private CA and its sealed key: `name` such as `rsa-root`.

    `certificate` is DER. A cross-signed root has no key of its own: `key_of` names whose it is.
    """

    name: Code
    certificate: bytes
    private_key: bytes | None
    key_of: Code | None = None
    created_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """The newest CRL of an authority; its number only grows.

    `revoked` is how many certificates of the authority were revoked when it was made.
    """

    authority: Code
    number: int
    crl: bytes
    made_at: datetime
    next_at: datetime
    revoked: int = 0
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RevokedCertificate:
    """A certificate of an authority of the private CA that is not to be trusted any more.

    It stays when the order goes. `serial` is in lower-case hexadecimal, `reason` a `Reason`, and
    `ends_at` when the certificate ends by itself.
    """

    authority: Code
    serial: Code
    certificate_id: Code
    reason: Code
    revoked_at: datetime
    ends_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An order on which work goes on by itself: when the next step is due, None for never.

    Whoever takes it up puts it off first, so that nobody else does and so that it comes up again
    if it is never finished. After too many failures in a row it is `set_aside` with the reason,
    until somebody looks at it. One that stands still says so in its `reason`.
    """

    certificate_id: Code
    uin: Code
    due_at: datetime | None
    failures: int = 0
    set_aside: bool = False
    reason: Words = ""
    version: int = 1

    def afresh(self, at: datetime) -> Task:
        """Return it due at a time, whatever became of it before."""
        return dataclasses.replace(self, due_at=at, failures=0, set_aside=False, reason="")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LookPace:
    """How fast names of a registrable domain were looked at, by all accounts together.

    `kind` is `PROOF` or `CAA`. At `even_at` every look that was counted is made up for; `shares`
    are the same times (ISO 8601) of single accounts, for those that looked in the last minute.
    """

    domain: Code
    kind: Code
    even_at: datetime
    shares: tuple[tuple[Code, Code], ...] = ()
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """An issued certificate that is to have a successor: when the desk sees to that next.

    `ends_at` is the certificate's end. `looks` counts how often it was seen to since it was due;
    `warned` is for how many days before the end a warning was given last. Where the last try to
    make a successor came to nothing, `reason` says why, else it is empty.
    """

    certificate_id: Code
    uin: Code
    ends_at: datetime
    due_at: datetime
    looks: int = 0
    warned: int | None = None
    reason: Words = ""
    version: int = 1
