"""What is kept of vetting: reviews, what was seen of them, letters."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting, Words


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
