"""The records of orders: submissions, work that is due, successors to be made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from certdesk.domain.orders.material import Material
from certdesk.domain.values.free_text import CleartextOf, Code, Words
from certdesk.domain.values.record import Record, replace

MaterialCleartext: TypeAlias = Annotated[str, CleartextOf(Material)]


class Submission(Record, kw_only=True):
    """One submission of material for an order; the order names the number in force.

    `facts` has the cleartext fields of the `Material`, `personal` the sealed ones. The pass phrase
    of the key and the private key are stored apart, each sealed for its own column. `inspected`
    means that the key has had its slower checks, which a key made by the desk does not need.
    `identity_since` is the time from which the retention of identity numbers in it counts, None if
    it has none.
    """

    certificate_id: Code
    number: int
    uin: Code
    submitted_at: datetime
    request_id: Code
    facts: MaterialCleartext
    personal: bytes
    key_pass: bytes | None
    private_key: bytes | None
    csr: Code
    key: Code
    spki_sha256: bytes
    company_id: int | None
    manager_id: int | None
    inspected: bool = False
    identity_since: datetime | None = None
    version: int = 1


class Task(Record, kw_only=True):
    """The background work on an order: when the next step is due, None for never.

    A worker that takes a task postpones it first. So no other worker takes it, and it comes up
    again if the worker never finishes. After too many failures in a row it is `set_aside` with the
    reason, until an operator resumes it. A task that stands still has its `reason`.
    """

    certificate_id: Code
    uin: Code
    due_at: datetime | None
    failures: int = 0
    set_aside: bool = False
    reason: Words = ""
    version: int = 1

    @property
    def paused(self) -> bool:
        """Whether it waits for a time for its `reason`, as when its CA does not answer."""
        return bool(self.reason) and not self.failures and not self.set_aside

    def afresh(self, at: datetime) -> Task:
        """Return the task due at a time, with its failures forgotten."""
        return replace(self, due_at=at, failures=0, set_aside=False, reason="")


class Renewal(Record, kw_only=True):
    """An issued certificate that is to have a successor, and when the desk tries that next.

    `ends_at` is the certificate's end. `looks` counts the attempts since it was due.
    `warned` is how many days before the end the last warning was given. If the last attempt failed,
    `reason` says why, else it is empty.
    """

    certificate_id: Code
    uin: Code
    ends_at: datetime
    due_at: datetime
    looks: int = 0
    warned: int | None = None
    reason: Words = ""
    version: int = 1
