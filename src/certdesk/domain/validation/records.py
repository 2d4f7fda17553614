"""What is kept of the validation of names."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting, Words


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
