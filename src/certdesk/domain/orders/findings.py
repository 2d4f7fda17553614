"""What the result of a check means for the proof of a name, for its order, and as evidence."""

from __future__ import annotations

from certdesk.domain.orders.lifecycle import StatusMessage, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.steps import GOING_ON, is_proved
from certdesk.domain.validation.challenge import CaaFinding, Finding, Verdict
from certdesk.domain.validation.rate_limit import CAA
from certdesk.domain.validation.records import Evidence, Proof
from certdesk.domain.values.record import Record, replace


class Found(Record):
    """The result of a check, and the proof as it was when it was checked."""

    proof: Proof
    finding: Finding | CaaFinding

    @property
    def newly_proved(self) -> bool:
        """Whether it proves a name that was not proved, or too long ago to rely on."""
        return self._proves and not self._good

    @property
    def after(self) -> Proof:
        """The proof with this result."""
        if isinstance(self.finding, CaaFinding):
            reason = self.finding.reason or "CAA records forbid it."
            refusal = "" if self.finding.permitted else reason
            return replace(self.proof, caa_at=self.finding.ended_at, caa_reason=refusal)
        proof = _without_what_it_had(self.proof) if self._lost else self.proof
        return replace(
            proof,
            proved_at=self.finding.ended_at if self.newly_proved else proof.proved_at,
            looked_at=self.finding.ended_at,
            looks=proof.looks + 1,
            verdict=self.finding.verdict.value,
            reason=self.finding.reason,
            seen=self.finding.seen,
        )

    def order_after(self, order: Order) -> Order:
        """Return the proof's order after this result; the same object if it changes nothing."""
        if isinstance(self.finding, CaaFinding):
            # CAA records are checked once all names are validated and reviews are done (RFC 8659
            # 3).
            going_on = order.waits_for in GOING_ON
            after = order.waiting(WaitEvent.NAMES_PROVED) if going_on else order
            return order if after == order else after
        if self._lost and order.waits_for is StatusMessage.WAIT_ISSUE:
            return order.waiting(WaitEvent.PROOF_TOO_OLD)
        return order

    def evidence(self, kept: int) -> Evidence | None:
        """Return the check as evidence; None if it failed and `kept` others have failed before.

        The proof itself shows the last result.
        """
        finding, proof = self.finding, self.proof
        if isinstance(finding, CaaFinding):
            return _evidence(proof, CAA, 1 if finding.permitted else -1, finding, finding.records)
        if not self._proves and proof.looks >= kept:
            return None
        return _evidence(proof, proof.kind, finding.verdict.value, finding, finding.seen)

    @property
    def _proves(self) -> bool:
        return isinstance(self.finding, Finding) and self.finding.verdict is Verdict.PROVED

    @property
    def _good(self) -> bool:
        return is_proved(self.proof, self.finding.ended_at)

    @property
    def _lost(self) -> bool:
        """Whether the record is gone, and what it proved is too old to be relied on.

        A validation may be reused for a limited time (Baseline Requirements 4.2.1); until then, a
        record that is gone takes nothing away.
        """
        return not self._proves and not self._good


def _without_what_it_had(proof: Proof) -> Proof:
    """Return a proof as not found yet: then CAA records are checked anew after it is."""
    return replace(proof, proved_at=None, caa_at=None, caa_reason="")


def _evidence(
    proof: Proof,
    kind: str,
    verdict: int,
    finding: Finding | CaaFinding,
    seen: tuple[str, ...],
) -> Evidence:
    return Evidence(
        certificate_id=proof.certificate_id,
        attempt=proof.attempt,
        name=proof.name,
        kind=kind,
        verdict=verdict,
        reason=finding.reason,
        seen=seen,
        resolver=finding.resolver,
        secure=finding.secure,
        steps=finding.steps,
        began_at=finding.began_at,
        ended_at=finding.ended_at,
    )
