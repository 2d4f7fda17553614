"""The records of the validation of names."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting, Words
from certdesk.domain.values.record import Record


class Proof(Record, kw_only=True):
    """The proof of one name for one attempt of an order: what to publish, and its result so far.

    `attempt` counts an order's submissions to the CA. Each attempt has its own values, so those of
    a cancelled attempt are void. `issuer` is the issuer that will rely on the proof. `name` is in
    ASCII without `*.`; `kind`, `label` and `value` are a `Challenge`'s. `verdict`, `reason` and
    `seen` are the last check's; `looks` counts the checks.

    If the desk adds the record by itself, `added_at` is the last time that it was about to. From
    then on the record may exist, until it is removed and `added_at` is None again. `removals`
    counts the attempts to remove it; the last one was at `removal_at`.
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


class Evidence(Record, kw_only=True):
    """One check for a proof or for CAA records; `kind` is a `ProofKind` or `CAA`.

    `verdict` is a `Verdict`'s number; for CAA, 1 is permitted and -1 is refused.
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


class ValidationBucket(Record, kw_only=True):
    """The state of the rate limit on checks of one registrable domain, for all accounts together.

    `kind` is `PROOF` or `CAA`. At `even_at`, the checks counted so far no longer matter (in GCRA:
    the theoretical arrival time). `shares` holds the same times (ISO 8601) by account, for accounts
    with a check in the last minute.
    """

    domain: Code
    kind: Code
    even_at: datetime
    shares: tuple[tuple[Code, Code], ...] = ()
    version: int = 1
