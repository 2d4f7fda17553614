"""What is kept of orders: submissions, work that is due, successors to be made."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, TypeAlias

from certdesk.domain.orders.material import Material
from certdesk.domain.values.free_text import Code, Half, Words

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
