"""Looks at handed-in keys again, with the checks that are too slow for the request itself.

A key that turns out weak is set aside: it is never accepted again, and no certificate is issued
for it (security requirement R-KEY).
"""

from __future__ import annotations

import dataclasses
import functools

import structlog

from certdesk.domain.csr import CsrRefused, parse
from certdesk.domain.keys import inspect_further
from certdesk.domain.records import AuditEntry, BlockedKey, Submission
from certdesk.ports import Clock, Store, Unit
from certdesk.workflow.repeating import Repeating

LOOK_SECONDS = 2
BATCH = 100

log = structlog.get_logger()


class Inspection:
    """Goes through the submissions whose key has not had its second look."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Prepare; nothing is looked at before `start`."""
        self._store = store
        self._clock = clock
        self._looking = Repeating("key inspection", self.look, LOOK_SECONDS)

    def start(self) -> None:
        """Begin to look."""
        self._looking.start()

    def stop(self) -> None:
        """Stop after the batch in hand."""
        self._looking.stop()

    def look(self) -> None:
        """Inspect what waits, a batch at a time."""
        for submission in self._store.read(
            lambda unit: unit.submissions.where(inspected=False, limit=BATCH)
        ):
            # A key that the desk made itself needs no second look.
            reason = None if submission.private_key else _weakness(submission)
            self._store.write(functools.partial(self._note, submission, reason))

    def _note(self, submission: Submission, reason: str | None, unit: Unit) -> None:
        unit.submissions.replace(dataclasses.replace(submission, inspected=True))
        if reason is None or unit.blocked_keys.get(submission.spki_sha256) is not None:
            return
        log.warning("weak key set aside", certificate=submission.certificate_id, reason=reason)
        now = self._clock.now()
        unit.blocked_keys.add(
            BlockedKey(spki_sha256=submission.spki_sha256, reason=reason, created_at=now)
        )
        unit.audit.add(
            AuditEntry(
                at=now,
                request_id=submission.request_id,
                uin=submission.uin,
                actor="desk",
                action="BlockKey",
                subject=submission.certificate_id,
                detail=reason,
            )
        )


def _weakness(submission: Submission) -> str | None:
    try:
        request = parse(submission.csr)
    except CsrRefused as refused:
        # Taken once, by rules that have become stricter since; nothing is said about its key.
        log.warning(
            "CSR not accepted any more",
            certificate=submission.certificate_id,
            reason=refused.rule,
        )
        return None
    return inspect_further(request.public_key)
