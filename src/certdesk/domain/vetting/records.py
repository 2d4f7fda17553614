"""The records of vetting: reviews, what reviewers saw, letters."""

from __future__ import annotations

from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting, Words
from certdesk.domain.values.record import Record


class Review(Record, kw_only=True):
    """A question for a person: a manager, an order, its revocation or a key.

    Its `subject` is `manager:N`, `order:CERTID`, `revocation:CERTID` or `key:SPKI`. `kind` is the
    part of the `subject` before the colon. `attempt` is the order's (or its revocation's), 0 if
    there is none. `asked_by` is who asked for it and so may not approve it: the name of a user, the
    SecretId of an account's own key, or `operator`. `asked_as` is the user's login (`user:N`), ""
    if it was none. `approvals` are names and times (ISO 8601) of those who approved, with their
    logins (`Caller.operator`). `verdict` is `approved` or `rejected`, None while it waits.
    """

    subject: Code
    uin: Code
    kind: Code
    since: datetime
    attempt: int = 0
    asked_by: Lasting
    asked_as: Code = ""
    approvals: tuple[tuple[Lasting, Lasting, Lasting], ...] = ()
    decided_at: datetime | None = None
    verdict: Code | None = None
    reason: Words = ""
    version: int = 1


class SeenReview(Record, kw_only=True):
    """What an operator last saw of a review, by its `subject`.

    `operator` is a `Caller`'s. `shown` is whether all of it was shown, and not only a list with it.
    `members` are its members as `domain.vetting.seen_review` returns them, as JSON.
    """

    subject: Code
    operator: Code
    shown: bool
    members: Code
    seen_at: datetime
    version: int = 1


class Letter(Record, kw_only=True):
    """A letter that was uploaded for an attempt of an order, sealed.

    `kind` is `confirm`, or `revoke` with the attempt of the revocation. `form` is `JPG`, `PNG`,
    `PDF` or `GIF`. `size` (bytes) and `sha256` (hexadecimal) are those of the file.
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
